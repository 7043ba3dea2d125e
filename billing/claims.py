"""Codes that make a guest's purchase somebody's: sent to the address it was paid with, kept as a digest, used once.

Who shows a code has read the mail, and nothing less attaches a purchase: not an address, not a session. What was wrong with a code
that does not work is never said.
"""

import secrets
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from billing.models import Claim, Customer, Purchase

# Crockford's base32: no I, L, O or U, so that a code can be read aloud and typed from paper. Ten of them are 50 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, HALF = 10, 5
ALIKE = str.maketrans("OIL", "011", " -\u2010\u2011\u2012\u2013\u2014")
LASTS = timedelta(days=7)
MAX_TRIES = 5
# Half of the code finds its claim, so that wrong guesses at the other half count against it; the digest begins with that half's.
FOUND_BY = 16


class WrongCode(Exception):
    """The code is mistyped, used, too old, tried too often, or was never sent; which of them is not said."""


def issue(customer: Customer, *, now: datetime) -> str:
    """Make a new code for this customer's purchases and return it, ABCDE-FGHJK; the one before stops working.

    Only its digest is stored, so put the code into the mail and nowhere else. Raises ValueError where the customer is somebody's, or was.
    """
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    fresh = {"digest": digest(code), "sent_at": now, "expires_at": now + LASTS, "tries": 0}
    with transaction.atomic():
        if not Customer.objects.select_for_update().get(pk=customer.pk).is_guest:
            raise ValueError(f"customer {customer.stripe_id} is no guest's")
        Claim.objects.update_or_create(
            customer=customer, defaults=fresh | {"claimed_at": None, "claimed_by": None}, create_defaults=fresh
        )
    return f"{code[:HALF]}-{code[HALF:]}"


def find(written: str, *, now: datetime) -> Claim:
    """Return the open claim that this code, however it was typed, belongs to. Raises WrongCode, and counts it."""
    code = plain(written)
    if not code:
        raise WrongCode
    wanted = digest(code)
    near = Claim.objects.open(now=now).filter(digest__startswith=wanted[:FOUND_BY])
    for claim in near.select_related("customer"):
        this = Claim.objects.filter(pk=claim.pk)
        # Counted before it is compared, and given back when it is right: fifty guesses at once are still five.
        if this.filter(tries__lt=MAX_TRIES).update(tries=F("tries") + 1) and constant_time_compare(
            claim.digest, wanted
        ):
            this.update(tries=F("tries") - 1)
            return claim
    raise WrongCode


def redeem(written: str, user_id: int, *, now: datetime) -> Customer:
    """Give this person what waits behind the code, once, and return the customer that is theirs now. Raises WrongCode."""
    return attach(find(written, now=now), user_id, now=now)


def attach(claim: Claim, user_id: int, *, now: datetime) -> Customer:
    """Give this person what waits behind a claim whose code has been shown. Raises WrongCode where it is not open any more."""
    with transaction.atomic():
        person = get_user_model().objects.select_for_update().filter(pk=user_id).first()
        customer = Customer.objects.select_for_update().get(pk=claim.customer_id)
        used = Claim.objects.open(now=now).filter(pk=claim.pk, digest=claim.digest)
        if person is None or not used.update(claimed_at=now, claimed_by=person):
            raise WrongCode
        others = Customer.objects.filter(user=person, current=True, deleted=False)
        customer.user, customer.current = person, not others.exists()
        customer.save(update_fields=["user", "current"])
        return customer


def proven(digest: str, *, now: datetime) -> Claim | None:
    """Return the open claim whose code was shown before, by its digest."""
    return Claim.objects.open(now=now).select_related("customer").filter(digest=digest).first() if digest else None


def contents(claim: Claim) -> list[str]:
    """Return the names of what waits behind a claim."""
    bought = claim.customer.purchases.exclude(state=Purchase.State.FAILED).values_list("product__name", flat=True)
    running = claim.customer.subscriptions.filter(ended_at=None).values_list("products__name", flat=True)
    return [name for name in dict.fromkeys([*running, *bought]) if name]


def plain(written: str) -> str:
    """Return the code as it was issued, without its dash; an empty string for what cannot be one."""
    code = written.upper().translate(ALIKE)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def digest(code: str) -> str:
    """Return what is stored of a code: keyed, so that a stolen database gives no codes away."""
    return _keyed(code[:HALF])[:FOUND_BY] + _keyed(code)[FOUND_BY:]


def _keyed(text: str) -> str:
    return salted_hmac("billing.claims", text, algorithm="sha256").hexdigest()
