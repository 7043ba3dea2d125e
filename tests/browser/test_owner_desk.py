"""The owner sees the truth, in a real browser: gives access, reads why, replays an event; every page of it is usable by everybody."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from billing.models import Grant, Product, Subscription, WebhookEvent
from config.models import AuditEntry
from sandbox.stripe import StripeServer
from tests import build
from tests.accounts import owner_scene
from tests.browser.stage import Stage
from tests.browser.test_axe import RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(320, "light"), (1280, "dark")]


def refuse(text: str) -> None:
    assert "Content Security Policy" not in text, text


@pytest.fixture
def desk(context_for: Callable[..., BrowserContext], owner: User, stage: Stage) -> Page:
    page = context_for(owner).new_page()
    page.on("console", lambda message: refuse(message.text))
    return page


def test_31_owner_gives_access_and_sees_why(desk: Page, newcomer: User, plan: Product) -> None:
    title = build.ebook(title="Slack water")
    desk.goto("/admin/accounts/user/")
    desk.get_by_role("link", name="nadia@example.com").click()
    desk.get_by_role("link", name="Why can they open this, or not?").click()
    desk.get_by_label("Title").select_option(f"title:{title.pk}")
    desk.get_by_role("button", name="Ask", exact=True).click()
    expect(desk.get_by_role("status")).to_have_text("No: they hold nothing that opens “Slack water” now.")

    desk.get_by_role("link", name="Give access").click()
    expect(desk.get_by_label("To whom")).to_have_value("nadia@example.com")
    desk.get_by_label("What:").select_option(label=plan.name)
    desk.get_by_label("Last day").fill((timezone.localdate() + timedelta(days=7)).isoformat())
    desk.get_by_label("Why:").fill("Wrote the foreword")
    desk.get_by_role("button", name="Give access").click()
    expect(desk.get_by_role("status")).to_have_text("Yes: they hold something that opens “Slack water”.")
    expect(desk.get_by_text("Grant: Wrote the foreword")).to_be_visible()

    desk.goto(f"/admin/accounts/user/{newcomer.pk}/")
    expect(desk.get_by_text("“Wrote the foreword”").or_(desk.get_by_text("Wrote the foreword")).first).to_be_visible()
    desk.get_by_role("link", name="Take back").click()
    desk.get_by_label("Why:").fill("The book was withdrawn")
    desk.get_by_role("button", name="Take it back").click()
    expect(desk.get_by_text("Access is taken back.")).to_be_visible()
    assert Grant.objects.get().revoked_at is not None
    assert [entry.act for entry in AuditEntry.objects.order_by("at")] == ["grant.given", "grant.revoked"]


def test_32_owner_replays_an_event(desk: Page, newcomer: User, stage: Stage, stripe: StripeServer) -> None:
    stripe.sender.main_url = None
    product = stage.sell("Membership", monthly=1200)
    customer = stripe.call("POST", "customers", email=newcomer.email)
    stripe.use_card(customer["id"], "good")
    build.customer(newcomer, stripe_id=customer["id"])
    price = product.prices.get().stripe_id
    stripe.call("POST", "subscriptions", customer=customer["id"], items=[{"price": price}])
    parked = WebhookEvent.objects.create(
        stripe_id="evt_1", type="customer.subscription.created", customer_id=customer["id"], created_at=timezone.now(),
        tries=5, parked_at=timezone.now(), error="GatewayDown: APIError status=500",
    )  # fmt: skip
    desk.goto("/admin/")
    desk.get_by_role("link", name="1 event failed five times and is parked").click()
    desk.locator(f'a[href^="/admin/billing/webhookevent/{parked.pk}/change/"]').click()
    desk.get_by_role("button", name="Replay").click()
    expect(desk.get_by_text("1 event done.")).to_be_visible()
    assert Subscription.objects.get().status == "active"
    desk.goto(f"/admin/accounts/user/{newcomer.pk}/")
    expect(desk.get_by_text("Membership · $12: Active.")).to_be_visible()
    desk.get_by_role("button", name="Ask Stripe now").click()
    expect(desk.get_by_text("Confirmed with Stripe just now.")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_20_everybody_can_use_the_owners_pages(
    context_for: Callable[..., BrowserContext], owner: User, now: datetime, width: int, scheme: str
) -> None:
    made = owner_scene.fill(now)
    paths = [
        "/admin/?days=90",
        f"/admin/accounts/user/{made.member.pk}/",
        f"/admin/accounts/user/{made.guest.pk}/",
        f"/admin/accounts/user/{made.guest.pk}/why/",
        f"/admin/accounts/user/{made.member.pk}/why/?item=file:{made.file.pk}",
        f"/admin/accounts/user/{made.late.pk}/why/?item=title:{made.title.pk}",
        f"/admin/accounts/user/{made.member.pk}/sign-out/",
        f"/admin/billing/grant/add/?to={made.member.email}",
        f"/admin/billing/grant/{made.grant.pk}/extend/",
        f"/admin/billing/grant/{made.grant.pk}/revoke/",
        f"/admin/billing/grant/{made.grant.pk}/change/",
        "/admin/billing/webhookevent/",
        f"/admin/billing/webhookevent/{made.parked.pk}/change/",
    ]
    page = context_for(owner, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    found, wide = {}, []
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        # Looked at before axe comes, which tries out styles of its own.
        assert refused == [], path
        for part in page.locator("details").all():
            part.evaluate("one => one.open = true")
        violations = Axe().run(page, options=RULES).response["violations"]
        found[path] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wide.append(path)
        refused.clear()
    assert [(path, *one) for path, each in found.items() for one in each] == []
    assert wide == []
