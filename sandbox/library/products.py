"""What is for sale: two plans that open every members' title, and two items bought outright."""

from sandbox.library.shapes import PriceSample, ProductSample


def _both(key: str, unit_amount: int, interval: str) -> tuple[PriceSample, ...]:
    """The same round amount in dollars and in euros: a reader in either place sees a plain number."""
    return tuple(
        PriceSample(f"{key}-{interval}-{currency}", currency, unit_amount, interval) for currency in ("usd", "eur")
    )


MEMBERSHIP = ProductSample(
    "membership",
    "plan",
    "Membership",
    "Every course and every book for members, to watch, read and download, and the new ones as they appear.",
    _both("membership", 12_00, "month") + _both("membership", 120_00, "year"),
)
PATRON = ProductSample(
    "patron",
    "plan",
    "Patron",
    "All that a membership opens; the difference pays for places given to readers who could not otherwise come.",
    _both("patron", 25_00, "month") + _both("patron", 240_00, "year"),
)
FOLDED_AND_SEWN = ProductSample(
    "folded-and-sewn",
    "item",
    "Folded & Sewn",
    "The book of three bindings, PDF and EPUB, yours to keep.",
    _both("folded-and-sewn", 18_00, "once"),
)
READING_THE_TIDE = ProductSample(
    "reading-the-tide",
    "item",
    "Reading the Tide",
    "The whole course on its own, with its films and its planning sheet, without a membership.",
    _both("reading-the-tide", 48_00, "once"),
)
PRODUCTS = (MEMBERSHIP, PATRON, FOLDED_AND_SEWN, READING_THE_TIDE)
