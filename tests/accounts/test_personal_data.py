"""Expectation 19: a member exports their data and deletes the account alone; the books stay whole."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts import personal
from accounts.models import Delivery, Issue, User
from billing.models import Checkout, Claim, Customer, Dispute, Grant, Notice, Product, Purchase, Refund, Subscription
from config import audit
from courses.models import Allowance, Download, DownloadList, Fetch, LimitReached, Progress, SharingSign
from tests import build
from tests.accounts import authenticator


@pytest.fixture
def signed_in(client: Client) -> Any:
    """Return a browser in which this person has just said that it is them."""

    def browser_of(person: User) -> Client:
        client.force_login(person)
        client.post("/account/reauthenticate/", {"password": build.PASSWORD})
        return client

    return browser_of


@pytest.fixture
def traces(subscriber: User, plan: Product, now: datetime) -> User:
    """Sam has left traces everywhere."""
    version = build.file(name="The book").versions.get()
    Download.objects.create(
        user=subscriber, version=version, purpose="download", created_at=now, expires_at=now + timedelta(minutes=1)
    )
    Fetch.objects.create(request_id="A1", user=subscriber, at=now, status=200, sent=3, size=3)
    DownloadList.make(subscriber, version.file.publication, now=now)
    Allowance.objects.create(user=subscriber, until=now)
    LimitReached.objects.create(user=subscriber, limit="FILES_PER_DAY", at=now)
    SharingSign.objects.create(user=subscriber, networks=9, agents=9, sessions=9, addresses=9, seen_at=now)
    Progress.objects.create(user=subscriber, lesson=build.lesson(title="Knots"), position=12.5)
    grant = Grant.objects.create(user=subscriber, product=plan, reason="Thanks")
    audit.record("grant.given", actor=subscriber, target=grant, person=subscriber, reason="Thanks")
    customer = subscriber.customers.get()
    item = build.item(name="Single")
    build.invoice(customer, now=now, number="LECT-7", status="paid")
    money = {"customer": customer, "payment_intent": "pi_1", "amount": 100, "currency": "usd", "created_at": now}
    Refund.objects.create(stripe_id="re_1", status="succeeded", **money)
    Dispute.objects.create(stripe_id="dp_1", status="won", **money)
    Claim.objects.create(
        customer=customer, digest="x", sent_at=now, expires_at=now, claimed_at=now, claimed_by=subscriber
    )
    Notice.objects.create(key="welcome:sub_1", kind="welcome", user=subscriber, about="sub_1", occurred_at=now)
    Purchase.objects.create(
        session_id="cs_1", customer=customer, product=item, amount=1200, currency="usd", state="paid", created_at=now
    )
    Checkout.objects.create(customer=customer, scope="plans", session_id="cs_2")
    Delivery.objects.create(issue=Issue.objects.create(), user=subscriber)
    LogEntry.objects.create(user=subscriber, object_repr="A title", action_flag=2)
    return subscriber


def saved(client: Client) -> tuple[dict[str, Any], str]:
    """Return what the copy holds: the data, and the page that explains it."""
    response = client.get("/account/export/")
    assert response["Content-Disposition"] == 'attachment; filename="lectern-account.zip"'
    packet = zipfile.ZipFile(BytesIO(response.content))
    assert sorted(packet.namelist()) == ["README.txt", "account.json"]
    return json.loads(packet.read("account.json")), packet.read("README.txt").decode()


def test_19_a_subscriber_saves_a_copy_of_everything_but_the_secrets(client: Client, traces: User) -> None:
    secret = authenticator.enrol(traces)
    client.force_login(traces)
    data, explained = saved(client)
    assert data["account"]["email"] == "sam@example.com"
    assert data["downloads"][0]["version__file__name"] == "The book"
    assert data["progress"][0]["position"] == 12.5
    assert data["purchases"][0]["amount"] == 1200
    assert data["subscriptions"][0]["status"] == "active"
    assert data["grants"][0]["reason"] == "Thanks"
    assert data["invoices"][0]["number"] == "LECT-7"
    assert data["refunds"][0]["amount"] == data["disputes"][0]["amount"] == 100
    assert data["claims"][0]["customer__stripe_id"] == traces.customers.get().stripe_id
    assert data["checkouts"][0]["session_id"] == "cs_2"
    assert data["news"][0]["sent_at"] is None
    assert data["done_in_the_workshop"][0]["object_repr"] == "A title"
    assert [kind for kind, kept in data.items() if not kept] == ["sessions"] or data["sessions"]
    for part in data:
        assert part in explained or part == "exported_at"
    text = json.dumps(data)
    for kept_back in (secret, traces.password, "digest", client.session.session_key, "content/"):
        assert kept_back not in text


# Rows about a person that say nothing but what other parts of the copy say already.
SAID_ELSEWHERE = {"billing.Notice.customer", "config.AuditEntry.actor", "config.AuditEntry.person"}


def test_19_everything_that_points_at_a_person_is_in_the_copy(traces: User) -> None:
    """A new table about people fails here until the copy holds it, or a reason stands above."""
    exported = set(personal.export(traces, now=datetime.now(UTC)))
    parts = {
        "courses.Download.user": "downloads",
        "courses.Progress.user": "progress",
        "courses.Fetch.user": "fetches",
        "courses.DownloadList.user": "download_lists",
        "courses.Allowance.user": "allowances",
        "courses.LimitReached.user": "limits",
        "courses.SharingSign.user": "sharing_signs",
        "billing.Customer.user": "customers",
        "billing.Grant.user": "grants",
        "billing.Claim.claimed_by": "claims",
        "billing.Claim.customer": "claims",
        "billing.Notice.user": "notices",
        "billing.Subscription.customer": "subscriptions",
        "billing.Purchase.customer": "purchases",
        "billing.Checkout.customer": "checkouts",
        "billing.Invoice.customer": "invoices",
        "billing.Refund.customer": "refunds",
        "billing.Dispute.customer": "disputes",
        "accounts.Delivery.user": "news",
        "admin.LogEntry.user": "done_in_the_workshop",
        "account.EmailAddress.user": "addresses",
        "mfa.Authenticator.user": "second_steps",
        "usersessions.UserSession.user": "sessions",
    }
    relations = [*User._meta.related_objects, *Customer._meta.related_objects]
    found = {f"{each.related_model._meta.label}.{each.field.name}" for each in relations}  # type: ignore[union-attr]
    assert found - SAID_ELSEWHERE == parts.keys()
    assert set(parts.values()) <= exported


def test_the_copy_holds_nothing_of_anybody_else(client: Client, traces: User, newcomer: User) -> None:
    client.force_login(newcomer)
    data, _ = saved(client)
    assert "sam@example.com" not in json.dumps(data)
    assert data["downloads"] == data["progress"] == data["purchases"] == data["subscriptions"] == []


def test_a_running_plan_has_to_be_cancelled_first(signed_in: Any, traces: User) -> None:
    browser = signed_in(traces)
    for response in (browser.get("/account/delete/"), browser.post("/account/delete/")):
        assert "Your plan is still running" in response.content.decode()
    assert response.status_code == 409
    assert User.objects.filter(pk=traces.pk).exists()


@pytest.mark.parametrize("status", ["trialing", "past_due", "unpaid", "incomplete", "paused", "a_word_to_come"])
def test_a_plan_that_may_ask_for_money_again_counts_as_running(signed_in: Any, traces: User, status: str) -> None:
    Subscription.objects.update(status=status)
    assert signed_in(traces).post("/account/delete/").status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"status": "canceled"},
        {"status": "incomplete_expired"},
        {"cancel_at_period_end": True},
        {"cancel_at": datetime(2099, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_person_who_cancelled_is_forgotten_and_the_books_stay(
    signed_in: Any, traces: User, now: datetime, change: dict[str, Any], work: Any
) -> None:
    Subscription.objects.update(**change)
    browser = signed_in(traces)
    assert browser.get("/account/delete/").status_code == 200
    assert browser.post("/account/delete/")["Location"] == "/"
    assert not User.objects.filter(email="sam@example.com").exists()
    assert Customer.objects.get().user is None
    assert Purchase.objects.count() == Subscription.objects.count() == 1
    assert Download.objects.get().user is None
    assert not Progress.objects.exists()
    assert "_auth_user_id" not in browser.session
    work()
    assert [message.to for message in mail.outbox if message.subject == "Your account is deleted"] == [
        ["sam@example.com"]
    ]


def test_a_newcomer_is_asked_for_the_password_before(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    assert client.post("/account/delete/")["Location"].startswith("/account/reauthenticate/")
    assert User.objects.exists()


def test_other_browsers_of_a_forgotten_person_are_signed_out(signed_in: Any, newcomer: User) -> None:
    other = Client()
    other.force_login(newcomer)
    signed_in(newcomer).post("/account/delete/")
    assert other.get("/account/").status_code == 302


def test_an_address_is_free_again(signed_in: Any, newcomer: User) -> None:
    signed_in(newcomer).post("/account/delete/")
    Client().post("/account/signup/", {"email": "nadia@example.com", "password1": build.PASSWORD})
    assert User.objects.get().email == "nadia@example.com"


def test_staff_do_not_delete_themselves(signed_in: Any, owner: User) -> None:
    assert signed_in(owner).post("/account/delete/").status_code == 409
    assert User.objects.exists()
