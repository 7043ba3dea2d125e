"""What follows in the background when a purchase has found its person."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing import gateway
from billing.models import Customer
from config import background


@background.task(title=_("Tell Stripe whose a customer is"))
def name_customer(customer: int) -> None:
    """Write the person into the customer's metadata at Stripe, so that a lost database can be rebuilt. Done twice, it is the same."""
    found = Customer.objects.filter(pk=customer, deleted=False).exclude(user=None).first()
    if found is not None:
        metadata = {"user": str(found.user_id), "site": settings.SITE_URL}
        gateway.name_customer(found.stripe_id, metadata=metadata)
