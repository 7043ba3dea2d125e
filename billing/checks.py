"""Settings that are each right and together wrong."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security)
def live_key_goes_to_stripe_alone(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Refuse to start with a live key and a Stripe that is not Stripe: the key would be given away."""
    if settings.STRIPE_LIVEMODE and settings.STRIPE_API_BASE:
        return [
            checks.Error(
                "STRIPE_SECRET_KEY is a live key, and STRIPE_API_BASE would send it to somebody who is not Stripe.",
                hint="Leave STRIPE_API_BASE empty, or use a test key.",
                id="billing.E001",
            )
        ]
    return []


@checks.register(checks.Tags.security, deploy=True)
def paying_needs_https(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Live Checkout leads back to SITE_URL, and live webhooks are sent to https alone."""
    if settings.STRIPE_LIVEMODE and not settings.SECURE:
        return [
            checks.Error(
                "STRIPE_SECRET_KEY is a live key, and SITE_URL does not start with https://.",
                hint="Stripe delivers live webhooks over https only.",
                id="billing.E002",
            )
        ]
    return []


@checks.register()
def grace_is_not_longer_than_silence_allows(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Name a grace that a month's period could cut short: access never outlives the period's end by more than the silence."""
    if settings.GRACE_DAYS > 27:
        return [
            checks.Warning(
                "GRACE_DAYS is longer than a monthly period, whose end closes access anyway.",
                hint="Choose 27 days or fewer; Stripe gives up retrying by then.",
                id="billing.W001",
            )
        ]
    return []
