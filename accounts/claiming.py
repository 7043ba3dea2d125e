"""Whose a guest's purchase becomes: the account of whoever shows the code, or a new one for the address that the code proved."""

import logging
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.tasks import name_customer
from billing import claims, gateway, sync
from billing.models import Claim, Customer
from config import audit

logger = logging.getLogger(__name__)
PATIENCE = 5


class SignInFirst(Exception):
    """The address has an account, or cannot have one: the code alone opens no account, and skips no second factor."""


def attach(request: HttpRequest, claim: Claim, person: User, *, now: datetime) -> Customer:
    """Give a person what waits behind the claim; `catch_up` after that. Raises claims.WrongCode where it is not open any more."""
    with transaction.atomic():
        customer = claims.attach(claim, person.pk, now=now)
        audit.record("purchase.claimed", request=request, actor=person, target=customer, person=person)
        name_customer.enqueue(customer.pk)
    return customer


def open_account(request: HttpRequest, claim: Claim, *, now: datetime) -> User:
    """Make an account for the address that was paid with, which the code has proved, and give it what waits.

    Raises SignInFirst, claims.WrongCode.
    """
    email = claim.customer.email.strip().lower()
    holder = holder_of(email)
    if not is_address(email) or (holder and not is_unproved(holder)):
        raise SignInFirst
    try:
        with transaction.atomic():
            person = holder or User.objects.create_user(email)
            # Whoever began an account with an address that is not theirs must not know its password.
            person.set_unusable_password()
            person.save(update_fields=["password"])
            EmailAddress.objects.filter(user=person).delete()
            EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
            attach(request, claim, person, now=now)
    except IntegrityError:
        # Somebody else has just made it, or confirmed the address.
        raise SignInFirst from None
    return person


def holder_of(email: str) -> User | None:
    """Return the person whose address this is: confirmed before all, else the one they log in by."""
    confirmed = User.objects.filter(emailaddress__email__iexact=email, emailaddress__verified=True).first()
    return confirmed or User.objects.filter(email__iexact=email).first()


def is_unproved(person: User) -> bool:
    """Return whether an account was only ever begun: its address never confirmed, nobody ever inside, nothing to guard."""
    if person.last_login or person.is_staff or person.is_superuser or not person.is_active:
        return False
    known = EmailAddress.objects.filter(user=person, verified=True).exists()
    return not known and not Authenticator.objects.filter(user=person).exists()


def is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= int(User.email.field.max_length or 0)


def catch_up(customer: Customer) -> None:
    """Look at Stripe once more, so that the person sees what is true. What they hold is theirs already, and a bell heals the rest."""
    try:
        with gateway.within(PATIENCE):
            sync.converge(customer.stripe_id)
    except gateway.GatewayError as error:
        logger.warning("claimed customer could not be looked up customer=%s: %s", customer.stripe_id, error)
