"""The four people of the demo. Two of them pay at Stripe like anybody else; what the site knows of it, it has asked Stripe for."""

import urllib.request
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings

from accounts.models import User
from billing.models import Customer, Price
from billing.sync import converge
from sandbox.demo.notice import ADDRESSES
from sandbox.demo.stripe_api import StripeAPI

NAMES = {"newcomer": "Nadia Newcomer", "subscriber": "Sam Subscriber", "lapsed": "Lara Lapsed", "staff": "Olga Owner"}
MEMBERSHIP = "membership-month-usd"


def make_people(stripe: StripeAPI, *, passwords: dict[str, str]) -> None:
    people = {who: person(who, password) for who, password in passwords.items()}
    User.objects.filter(pk=people["staff"].pk).update(is_staff=True, is_superuser=True)
    for who in ("subscriber", "lapsed"):
        if not people[who].customers.exists():
            join(stripe, people[who], leave=who == "lapsed")


def person(who: str, password: str) -> User:
    """Return this person, with a confirmed address and this password; make them where they are missing."""
    user = User.objects.filter(email=ADDRESSES[who]).first()
    if user is None:
        user = User.objects.create_user(ADDRESSES[who], password, name=NAMES[who])
    elif not user.check_password(password):
        user.set_password(password)
        user.save()
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def join(stripe: StripeAPI, user: User, *, leave: bool) -> None:
    """Let this person pay for a month; one who leaves has it ended at once."""
    price = stripe.get("prices", **{"lookup_keys[0]": MEMBERSHIP})["data"][0]["id"]
    customer = str(stripe.post("customers", email=user.email, name=user.name)["id"])
    pay = pay_on_page if settings.STRIPE_API_BASE else pay_with_test_card
    pay(stripe, customer, price)
    if leave:
        subscription = stripe.get("subscriptions", customer=customer)["data"][0]["id"]
        stripe.delete(f"subscriptions/{subscription}")
    Customer.objects.update_or_create(stripe_id=customer, defaults={"user": user, "email": user.email})
    converge(customer)


def pay_on_page(stripe: StripeAPI, customer: str, price: str) -> None:
    """Go through the embedded Stripe's hosted page, pressing its button."""
    fields = {"mode": "subscription", "customer": customer, "line_items[0][price]": price, "line_items[0][quantity]": 1}
    back = f"{settings.SITE_URL}/library/"
    session = stripe.post("checkout/sessions", success_url=back, cancel_url=back, **fields)
    form = urlencode({"outcome": "pay"}).encode()
    opener = urllib.request.build_opener(StayHere)
    opener.open(urllib.request.Request(session["url"], form, method="POST"), timeout=30).close()


def pay_with_test_card(stripe: StripeAPI, customer: str, price: str) -> None:
    """A real Stripe has no page that a script may press; its sandbox has a card for this."""
    card = stripe.post("payment_methods/pm_card_visa/attach", customer=customer)["id"]
    stripe.post("subscriptions", customer=customer, default_payment_method=card, **{"items[0][price]": price})


class StayHere(urllib.request.HTTPRedirectHandler):
    """Take Stripe's redirect back to the site for an answer: nobody waits there."""

    def http_error_303(self, req, fp, code, msg, headers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        return fp

    http_error_302 = http_error_303
