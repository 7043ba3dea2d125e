"""Our mirror of what Stripe sells. Rows are never deleted: a withdrawn price keeps its subscribers, a withdrawn product its grants."""

import logging
from collections.abc import Iterable

from django.db import transaction

from billing import gateway
from billing.gateway import PriceSnapshot, ProductSnapshot
from billing.models import Price, Product

logger = logging.getLogger(__name__)


def mirror_catalogue() -> list[Product]:
    """Make all our products and prices match Stripe's, and return those that stand there now.

    Raises gateway.GatewayError, and then nothing was changed.
    """
    found = gateway.fetch_catalogue()
    with transaction.atomic():
        gone = Product.objects.filter(stripe_id__isnull=False).exclude(stripe_id__in=[one.id for one in found])
        gone.update(active=False)
        return [_upsert(one) for one in found]


def mirror_product(product_id: str) -> None:
    """Make one product and its prices match Stripe's; one that was deleted there is marked as withdrawn."""
    try:
        found = gateway.fetch_product(product_id)
    except gateway.Gone:
        Product.objects.filter(stripe_id=product_id).update(active=False)
        return
    with transaction.atomic():
        _upsert(found)


def mirror_missing(product_ids: Iterable[str]) -> None:
    """Fetch those products that we have not heard of yet, so that a subscription to them can be written down."""
    wanted = set(product_ids)
    for product_id in sorted(
        wanted - set(Product.objects.filter(stripe_id__in=wanted).values_list("stripe_id", flat=True))
    ):
        logger.warning("unknown product fetched product=%s", product_id)
        mirror_product(product_id)


def _upsert(found: ProductSnapshot) -> Product:
    product, _ = Product.objects.update_or_create(
        stripe_id=found.id,
        defaults={
            "kind": found.kind,
            "name": found.name[:255],
            "description": found.description,
            "features": list(found.features),
            "active": found.active,
        },
    )
    product.prices.exclude(stripe_id__in=[price.id for price in found.prices]).update(active=False)
    for price in found.prices:
        _upsert_price(product, price)
    return product


def _upsert_price(product: Product, found: PriceSnapshot) -> None:
    if found.unit_amount is None:
        logger.warning("price without a single amount left out price=%s", found.id)
        return
    Price.objects.update_or_create(
        stripe_id=found.id,
        defaults={
            "product": product,
            "currency": found.currency,
            "unit_amount": found.unit_amount,
            "interval": found.interval,
            "interval_count": found.interval_count,
            "trial_days": found.trial_days,
            "trial_card": found.trial_card,
            "trial_end": found.trial_end,
            "active": found.active,
        },
    )
