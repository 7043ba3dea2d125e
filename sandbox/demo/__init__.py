"""The demo: the site with an embedded bucket and an embedded Stripe, filled with the sample library. Started by `make demo`."""
