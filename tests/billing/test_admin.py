"""The owner at the billing admin: asks, replays and grants; edits nothing that Stripe said."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from billing.models import Customer, Price, Product, Subscription, WebhookEvent
from tests.billing.till import Till, event, ring

pytestmark = [pytest.mark.django_db, pytest.mark.once]
MODELS = (
    *("customer", "subscription", "purchase", "price", "product", "grant", "webhookevent"),
    *("invoice", "refund", "dispute", "claim"),
)


@pytest.fixture
def desk(owner: User, client_for: Any, settings: Any) -> Any:
    settings.STAFF_MFA = "optional"
    return client_for(owner)


@pytest.mark.parametrize("model", MODELS)
def test_owner_opens_every_list(desk: Any, member: User, till: Till, model: str) -> None:
    till.ring_last()
    assert desk.get(f"/admin/billing/{model}/").status_code == 200


@pytest.mark.parametrize("model", ["customer", "subscription", "price", "webhookevent"])
def test_owner_reads_and_cannot_edit_what_stripe_said(desk: Any, member: User, till: Till, model: str) -> None:
    till.ring_last()
    models = {"customer": Customer, "subscription": Subscription, "webhookevent": WebhookEvent, "price": Price}
    pk = models[model].objects.first().pk
    page = desk.get(f"/admin/billing/{model}/{pk}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert desk.post(f"/admin/billing/{model}/{pk}/change/", {"status": "active"}).status_code == 403
    assert desk.get(f"/admin/billing/{model}/add/").status_code == 403
    assert desk.post(f"/admin/billing/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403


def test_owner_mirrors_the_catalogue_with_one_button(desk: Any, till: Till) -> None:
    till.stripe.call("POST", "products", name="Fresh")
    assert desk.post("/admin/billing/product/mirror/").status_code == 302
    assert Product.objects.get().name == "Fresh"
    assert b"Mirror from Stripe" in desk.get("/admin/billing/product/").content
    assert desk.get("/admin/billing/product/mirror/").status_code == 403


def test_owner_is_told_when_stripe_is_down(desk: Any, till: Till) -> None:
    till.stripe.fail_next("401")
    assert b"Nothing was changed" in desk.post("/admin/billing/product/mirror/", follow=True).content


def test_owner_replays_a_parked_event(desk: Any, member: User, till: Till) -> None:
    till.stripe.fail_next("401", times=5)
    bell = till.stripe.events("customer.subscription.created")[0]
    for _ in range(5):
        ring(bell)
    assert desk.get("/admin/billing/webhookevent/?state=parked").content.count(b"action-checkbox") >= 1
    stored = WebhookEvent.objects.get()
    desk.post("/admin/billing/webhookevent/", {"action": "replay", "_selected_action": [stored.pk]})
    stored.refresh_from_db()
    assert stored.handled_at is not None
    assert Subscription.objects.get().status == "active"


def test_owner_asks_stripe_about_a_customer(desk: Any, member: User, till: Till) -> None:
    desk.post("/admin/billing/customer/", {"action": "ask_stripe", "_selected_action": [Customer.objects.get().pk]})
    assert Subscription.objects.get().status == "active"


def test_helper_who_may_only_look_cannot_replay(member: User, client_for: Any, settings: Any) -> None:
    settings.STAFF_MFA = "optional"
    member.user_permissions.add(Permission.objects.get(codename="view_webhookevent"))
    User.objects.filter(pk=member.pk).update(is_staff=True)
    ring(event())
    page = client_for(User.objects.get(pk=member.pk)).get("/admin/billing/webhookevent/")
    assert page.status_code == 200
    assert b'value="replay"' not in page.content


def test_mirrored_product_keeps_its_name_and_takes_a_position(desk: Any, till: Till) -> None:
    product = till.sell().product
    desk.post(
        f"/admin/billing/product/{product.pk}/change/",
        {"name": "Mine", "position": "3", "prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0"},
    )
    product.refresh_from_db()
    assert (product.name, product.position) == ("Membership", 3)
