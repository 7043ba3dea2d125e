"""A member as the owner sees them: all that is known, what can be done about it, and who may."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts.members import last_seen
from accounts.models import User
from billing.models import Customer, Product, Subscription
from config.models import AuditEntry
from courses.models import Download
from tests import build
from tests.accounts import owner_scene
from tests.accounts.owner_scene import Scene
from tests.billing.till import Till
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db


def path(person: User, rest: str = "") -> str:
    return f"/admin/accounts/user/{person.pk}/{rest}"


def helper(*rights: str) -> User:
    """A member of staff with these rights, by a group, as an owner would give them."""
    person, group = build.person(is_staff=True), Group.objects.create(name=" ".join(rights) or "none")
    group.permissions.set(
        Permission.objects.filter(codename__in=[right.partition(".")[2] for right in rights]).select_related(
            "content_type"
        )
    )
    person.groups.add(group)
    return person


@pytest.fixture
def desk(owner: User) -> ClientFor:
    return ClientFor(owner)


@pytest.fixture
def scene(db: None, now: datetime) -> Scene:
    return owner_scene.fill(now)


def test_31_owner_reads_all_that_is_known_of_a_member(desk: ClientFor, scene: Scene) -> None:
    page = desk.get(path(scene.member)).content.decode()
    for words in (
        "Mara Ellison",
        "mara@example.com",
        "Membership · $12: Active.",
        "Last confirmed with Stripe 7\xa0minutes ago.",
        "Spoke at the summer school",
        "The tide atlas",
        "LECT-",
        "Refund of $9",
        "Dispute over $29",
        "Slack water: Slack water",
        "access given",
        "customer.subscription.updated",
        "1\xa0hour ago",
        "confirmed",
        "$104",
    ):
        assert words in page, words


def test_the_page_asks_no_more_for_more_rows(desk: ClientFor, scene: Scene, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(45):
        desk.get(path(scene.member))


def test_31_links_lead_to_stripes_dashboard(desk: ClientFor, scene: Scene, settings: Any) -> None:
    assert f'href="{settings.STRIPE_API_BASE}/"' in desk.get(path(scene.member)).content.decode()
    settings.STRIPE_API_BASE = ""
    customer = scene.member.customers.get().stripe_id
    page = desk.get(path(scene.member)).content.decode()
    assert f'href="https://dashboard.stripe.com/test/customers/{customer}"' in page
    assert 'href="https://dashboard.stripe.com/test/subscriptions/sub_' in page
    assert 'href="https://dashboard.stripe.com/test/invoices/in_' in page
    assert 'href="https://dashboard.stripe.com/test/payments/pi_atlas"' in page
    settings.STRIPE_LIVEMODE = True
    assert f'"https://dashboard.stripe.com/customers/{customer}"' in desk.get(path(scene.member)).content.decode()


def test_the_list_of_people_leads_to_a_members_page(desk: ClientFor, newcomer: User) -> None:
    assert f'href="{path(newcomer)}"' in desk.get("/admin/accounts/user/").content.decode()
    assert f'href="{path(newcomer)}"' in desk.get(path(newcomer, "change/")).content.decode()


@pytest.mark.parametrize("sign", ["none", "signed in", "fetched"])
def test_last_seen_is_the_latest_sign(newcomer: User, now: datetime, sign: str) -> None:
    expected = None
    if sign != "none":
        newcomer.last_login = expected = now - timedelta(days=3)
    if sign == "fetched":
        expected = now - timedelta(hours=2)
        version = build.file().versions.get()
        Download.objects.create(user=newcomer, version=version, purpose="play", created_at=expected, expires_at=now)
    assert last_seen(newcomer) == expected


# --- Asking Stripe ----------------------------------------------------------------------------


def test_31_owner_asks_stripe_now(desk: ClientFor, owner: User, member: User) -> None:
    assert Subscription.objects.count() == 0
    page = desk.post(path(member, "ask/"), {"reason": "They wrote in"}, follow=True).content.decode()
    assert "Confirmed with Stripe just now." in page
    assert Subscription.objects.get().status == "active"
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor, entry.person, entry.reason) == ("customer.asked", owner, member, "They wrote in")


@pytest.mark.parametrize(
    ("fault", "words"),
    [("401", "Stripe does not answer just now"), ("nonsense", "Stripe does not answer just now"), ("400", "refused")],
)
def test_owner_is_told_in_plain_words_when_stripe_does_not_answer(
    desk: ClientFor, member: User, till: Till, fault: str, words: str
) -> None:
    till.stripe.fail_next(fault, times=3)
    page = desk.post(path(member, "ask/"), follow=True).content.decode()
    assert words in page
    assert "Confirmed with Stripe" not in page
    assert not AuditEntry.objects.exists()


def test_owner_is_told_when_stripe_does_not_know_them(desk: ClientFor, member: User) -> None:
    Customer.objects.update(stripe_id="cus_of_another_account", synced_at=timezone.now())
    assert "Stripe does not know this customer" in desk.post(path(member, "ask/"), follow=True).content.decode()


# --- Signing out ------------------------------------------------------------------------------


def test_31_owner_signs_a_member_out_everywhere(desk: ClientFor, owner: User, newcomer: User) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post("/account/login/", {"login": newcomer.email, "password": build.PASSWORD})
        assert browser.get("/account/").status_code == 200
    assert "in 2 browsers" in desk.get(path(newcomer)).content.decode()
    assert desk.post(path(newcomer, "sign-out/"), {"reason": " "}).status_code == 200
    assert browsers[0].get("/account/").status_code == 200
    desk.post(path(newcomer, "sign-out/"), {"reason": "Lost a telephone"})
    assert [browser.get("/account/").status_code for browser in browsers] == [302, 302]
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.person, entry.reason, entry.after) == (
        "person.signed_out", newcomer, "Lost a telephone", {"sessions": 2},
    )  # fmt: skip


# --- Who may ----------------------------------------------------------------------------------

VIEWER = ("accounts.view_user", "billing.view_subscription", "billing.view_grant")
ROLES: dict[str, tuple[str, ...]] = {
    "no rights": (),
    "sees people": ("accounts.view_user",),
    "sees money": VIEWER,
    "looks after people": (*VIEWER, "accounts.change_user"),
    "asks Stripe": (*VIEWER, "billing.change_customer"),
    "gives access": (*VIEWER, "billing.add_grant", "billing.change_grant"),
}
# What each role is answered: the page, the chain, asking, signing out, giving, extending.
ANSWERS = {
    "no rights": (403, 403, 403, 403, 403, 403),
    "sees people": (200, 403, 403, 403, 403, 403),
    "sees money": (200, 200, 403, 403, 403, 403),
    "looks after people": (200, 200, 403, 200, 403, 403),
    "asks Stripe": (200, 200, 302, 403, 403, 403),
    "gives access": (200, 200, 403, 403, 200, 200),
}
BUTTONS = {1: "why/", 2: "ask/", 3: "sign-out/", 4: "/admin/billing/grant/add/", 5: "/extend/"}


@pytest.mark.parametrize("role", ROLES)
def test_33_every_role_is_let_in_where_it_may_and_sees_no_button_where_not(scene: Scene, role: str) -> None:
    browser, member = ClientFor(helper(*ROLES[role])), scene.member
    answers = (
        browser.get(path(member)).status_code,
        browser.get(path(member, "why/")).status_code,
        # Asking answers with a redirect; no Stripe is running here, and nothing is asked of whoever may not.
        browser.post(path(scene.guest, "ask/")).status_code,
        browser.get(path(member, "sign-out/")).status_code,
        browser.get("/admin/billing/grant/add/").status_code,
        browser.get(f"/admin/billing/grant/{scene.grant.pk}/extend/").status_code,
    )
    assert answers == ANSWERS[role]
    if answers[0] == 200:
        page = browser.get(path(member)).content.decode()
        shown = {place: f'{button}"' in page or f"{button}?" in page for place, button in BUTTONS.items()}
        assert shown == {place: answers[place] != 403 for place in BUTTONS}


def test_33_a_helper_who_sees_people_sees_no_money(scene: Scene) -> None:
    page = ClientFor(helper("accounts.view_user")).get(path(scene.member)).content.decode()
    assert "Mara Ellison" in page
    for hidden in ("LECT-", "Membership", "cus_", "Refund", "Dispute", "tide atlas", "$"):
        assert hidden not in page, hidden


def test_33_a_helper_signs_no_owner_out(owner: User) -> None:
    browser = ClientFor(helper("accounts.view_user", "accounts.change_user"))
    assert browser.get(path(owner, "sign-out/")).status_code == 403
    assert browser.post(path(owner, "sign-out/"), {"reason": "Because"}).status_code == 403


@pytest.mark.parametrize("rest", ["", "why/", "ask/", "sign-out/"])
def test_33_nobody_else_comes_in(newcomer: User, subscriber: User, rest: str) -> None:
    for browser in (Client(), ClientFor(subscriber)):
        for ask in (browser.get, browser.post):
            answer = ask(path(newcomer, rest))
            assert answer.status_code == 302
            assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("rest", ["ask/", "sign-out/"])
def test_33_every_act_wants_a_token(desk: ClientFor, newcomer: User, rest: str) -> None:
    desk.handler.enforce_csrf_checks = True
    assert desk.post(path(newcomer, rest), {"reason": "Because"}).status_code == 403
    desk.handler.enforce_csrf_checks = False
    assert desk.get(path(newcomer, "ask/")).status_code == 405


# --- Why --------------------------------------------------------------------------------------


def test_31_owner_reads_why_a_member_can_open_a_file(desk: ClientFor, scene: Scene) -> None:
    page = desk.get(path(scene.member, "why/"), {"item": f"file:{scene.file.pk}"}).content.decode()
    assert "Yes: they hold something that opens “Slack water”." in page
    assert "Has Stripe been heard from in time?" in page
    assert "Left alone, it closes" in page


def test_31_owner_reads_why_a_member_cannot(desk: ClientFor, scene: Scene, plan: Product) -> None:
    page = desk.get(path(scene.late, "why/"), {"item": f"title:{scene.title.pk}"}).content.decode()
    assert "No: they hold nothing that opens “Slack water” now." in page
    assert "A payment is missing since" in page
    assert "Any of these products, bought or given:" in page
    assert f"/admin/billing/grant/add/?to={scene.late.email}".replace("@", "%40") in page


@pytest.mark.parametrize(
    "item", ["", "x", "title:", "title:-1", "title:9" + "9" * 30, "lesson:١", "file:1", "file:" + "0" * 32]
)
def test_owner_who_asks_for_nothing_is_asked_to_choose(desk: ClientFor, newcomer: User, item: str) -> None:
    page = desk.get(path(newcomer, "why/"), {"item": item})
    assert page.status_code == 200
    assert "Choose a title" in page.content.decode()
