"""Fill the demo: plans at Stripe, the sample library, the people. Run as a program of its own, with the site's variables around it.

It may be interrupted and run again: what is there is left alone.
"""

import os

import django

django.setup()

from django.conf import settings  # noqa: E402 - models can be imported only once Django is set up
from django.core.management import call_command  # noqa: E402

from sandbox.demo.people import make_people  # noqa: E402
from sandbox.demo.plans import make_plans  # noqa: E402
from sandbox.demo.stripe_api import StripeAPI  # noqa: E402
from sandbox.library.load import load  # noqa: E402


def main() -> None:
    stripe = StripeAPI(settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY)
    make_plans(stripe)
    call_command("sync_billing", "--catalogue")
    load()
    make_people(
        stripe,
        passwords={
            who: os.environ[f"DEMO_PASSWORD_{who.upper()}"] for who in ("newcomer", "subscriber", "lapsed", "staff")
        },
    )


if __name__ == "__main__":
    main()
