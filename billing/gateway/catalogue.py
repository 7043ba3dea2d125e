"""Products and prices as Stripe has them now."""

from dataclasses import dataclass
from typing import Any

from billing.gateway.client import asking, identifier, pages, plain, v1

# What becomes of a trial whose person never gave a card; the first one unless metadata says otherwise.
TRIAL_ENDS = ("cancel", "pause", "create_invoice")


@dataclass(frozen=True)
class PriceSnapshot:
    """`unit_amount` is in the currency's minor unit, or None where the price has no single amount (tiers, pay what you want).

    `trial_card` says whether a trial asks for a card; `trial_end` what ends one that has none: cancel, pause or create_invoice.
    """

    id: str
    product_id: str
    currency: str
    unit_amount: int | None
    interval: str
    interval_count: int
    trial_days: int
    trial_card: bool
    trial_end: str
    active: bool


@dataclass(frozen=True)
class ProductSnapshot:
    id: str
    name: str
    description: str
    features: tuple[str, ...]
    kind: str
    active: bool
    prices: tuple[PriceSnapshot, ...]


def fetch_catalogue() -> list[ProductSnapshot]:
    """Ask Stripe for every product and price, withdrawn ones too. Raises GatewayDown or GatewayRefused."""
    with asking():
        prices: dict[str, list[dict[str, Any]]] = {}
        for price in pages(v1().prices.list):
            prices.setdefault(identifier(price["product"]), []).append(price)
        return [_product(product, prices.get(product["id"], [])) for product in pages(v1().products.list)]


def fetch_product(product_id: str) -> ProductSnapshot:
    """Ask Stripe for one product with its prices. Raises Gone for one that was deleted, GatewayDown or GatewayRefused."""
    with asking():
        product = plain(v1().products.retrieve(product_id))
        return _product(product, list(pages(v1().prices.list, product=product_id)))


def fetch_product_of(price_id: str) -> str:
    """Return the id of the product that a price belongs to. Raises as fetch_product."""
    with asking():
        return identifier(plain(v1().prices.retrieve(price_id))["product"])


def _product(found: dict[str, Any], prices: list[dict[str, Any]]) -> ProductSnapshot:
    metadata = found.get("metadata") or {}
    guessed = "plan" if any(price["type"] == "recurring" for price in prices) else "item"
    return ProductSnapshot(
        id=found["id"],
        name=found["name"],
        description=found.get("description") or "",
        features=tuple(feature["name"] for feature in found.get("marketing_features") or [] if feature.get("name")),
        kind=metadata["kind"] if metadata.get("kind") in ("plan", "item") else guessed,
        active=bool(found["active"]),
        prices=tuple(_price(price, of=metadata) for price in prices),
    )


def _price(found: dict[str, Any], *, of: dict[str, str]) -> PriceSnapshot:
    """Read a price; what its own metadata leaves open, its product's (`of`) may say."""
    recurring = found.get("recurring") or {}
    said = of | (found.get("metadata") or {})
    days = said.get("trial_days") or recurring.get("trial_period_days")
    end = said.get("trial_end")
    return PriceSnapshot(
        id=found["id"],
        product_id=identifier(found["product"]),
        currency=found["currency"],
        unit_amount=found.get("unit_amount"),
        interval=recurring.get("interval") or "once",
        interval_count=recurring.get("interval_count") or 1,
        trial_days=_days(days) if recurring else 0,
        trial_card=said.get("trial_card") != "optional",
        trial_end=end if end in TRIAL_ENDS else TRIAL_ENDS[0],
        active=bool(found["active"]),
    )


def _days(written: Any) -> int:
    """Metadata is free text; what is no whole number up to two years (Stripe's own limit) means no trial."""
    text = str(written or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= 730 else 0
