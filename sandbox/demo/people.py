"""The four people of the demo. Two of them pay at Stripe like anybody else; what the site knows of it, it has asked Stripe for."""

import urllib.request
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings

from accounts.models import User
from billing import checkout
from billing.models import Price, Subscription
from billing.sync import converge
from sandbox.demo.notice import ADDRESSES
from sandbox.demo.stripe_api import StripeAPI

NAMES = {"newcomer": "Nadia Newcomer", "subscriber": "Sam Subscriber", "lapsed": "Lara Lapsed", "staff": "Olga Owner"}
MEMBERSHIP = "membership-month-usd"


def make_people(stripe: StripeAPI, *, passwords: dict[str, str]) -> None:
    people = {who: person(who, password) for who, password in passwords.items()}
    User.objects.filter(pk=people["staff"].pk).update(is_staff=True, is_superuser=True)
    for who in ("subscriber", "lapsed"):
        if not Subscription.objects.filter(customer__user=people[who]).exists():
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
    sought = stripe.get("prices", **{"lookup_keys[0]": MEMBERSHIP})["data"][0]["id"]
    price = Price.objects.get(stripe_id=sought)
    pay = pay_on_page if settings.STRIPE_API_BASE else pay_with_test_card
    customer = pay(stripe, user, price)
    if leave:
        subscription = stripe.get("subscriptions", customer=customer)["data"][0]["id"]
        stripe.delete(f"subscriptions/{subscription}")
    converge(customer)


def pay_on_page(stripe: StripeAPI, user: User, price: Price) -> str:
    """Begin as the site does and press the button on the embedded Stripe's hosted page; return the customer's id."""
    address = checkout.start(user.pk, user.email, price)
    form = urlencode({"outcome": "pay"}).encode()
    urllib.request.build_opener(StayHere).open(urllib.request.Request(address, form, method="POST"), timeout=30).close()
    return checkout.customer_for(user.pk, user.email).stripe_id


def pay_with_test_card(stripe: StripeAPI, user: User, price: Price) -> str:
    """A real Stripe has no page that a script may press; its sandbox has a card for this."""
    customer = checkout.customer_for(user.pk, user.email).stripe_id
    card = stripe.post("payment_methods/pm_card_visa/attach", customer=customer)["id"]
    stripe.post("subscriptions", customer=customer, default_payment_method=card, **{"items[0][price]": price.stripe_id})
    return customer


class StayHere(urllib.request.HTTPRedirectHandler):
    """Take Stripe's redirect back to the site for an answer: nobody waits there."""

    def http_error_303(self, req, fp, code, msg, headers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        return fp

    http_error_302 = http_error_303
