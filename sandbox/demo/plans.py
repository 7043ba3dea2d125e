"""Make at Stripe what the sample library sells; what is there already, by its metadata and lookup keys, is left alone."""

from sandbox.demo.stripe_api import StripeAPI
from sandbox.library.catalogue import PRODUCTS, PriceSample, ProductSample


def make_plans(stripe: StripeAPI) -> None:
    there = {product["metadata"].get("sample"): product["id"] for product in stripe.get("products", limit=100)["data"]}
    for sample in PRODUCTS:
        product = there.get(sample.key) or make_product(stripe, sample)
        for price in sample.prices:
            if not stripe.get("prices", **{"lookup_keys[0]": price.lookup_key})["data"]:
                make_price(stripe, product, price)


def make_product(stripe: StripeAPI, sample: ProductSample) -> str:
    fields = {"name": sample.name, "description": sample.description}
    fields |= {"metadata[sample]": sample.key, "metadata[kind]": sample.kind}
    return str(stripe.post("products", **fields)["id"])


def make_price(stripe: StripeAPI, product: str, sample: PriceSample) -> None:
    fields = {
        "product": product,
        "currency": sample.currency,
        "unit_amount": sample.unit_amount,
        "lookup_key": sample.lookup_key,
    }
    if sample.interval != "once":
        fields["recurring[interval]"] = sample.interval
    stripe.post("prices", **fields)
