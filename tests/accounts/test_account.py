"""Sam's own page: the name, what was downloaded, and where the rest is."""

from datetime import datetime, timedelta

from django.test import Client

from accounts.models import User
from billing.models import Subscription
from courses.models import Download
from tests import build


def test_a_stranger_signs_in_first_and_comes_back(client: Client, db: None) -> None:
    assert client.get("/account/")["Location"] == "/account/login/?next=/account/"


def test_a_newcomer_says_their_name(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    assert client.post("/account/", {"name": "Nadia <b>Okafor</b>"})["Location"] == "/account/"
    page = client.get("/account/").content.decode()
    assert "Nadia &lt;b&gt;Okafor&lt;/b&gt;" in page
    newcomer.refresh_from_db()
    assert newcomer.get_short_name() == "Nadia"


def test_a_newcomer_cannot_slip_rights_in_with_the_name(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    client.post("/account/", {"name": "N", "is_staff": "on", "is_superuser": "on", "email": "root@example.com"})
    newcomer.refresh_from_db()
    assert (newcomer.is_staff, newcomer.is_superuser, newcomer.email) == (False, False, "nadia@example.com")


def test_a_name_too_long_is_refused_with_a_reason(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    response = client.post("/account/", {"name": "n" * 151})
    assert response.status_code == 200
    assert 'class="errorlist"' in response.content.decode()


def test_a_subscriber_finds_their_last_downloads_again(
    client: Client, subscriber: User, newcomer: User, now: datetime
) -> None:
    files = [build.file(name=f"Book {number}") for number in range(12)]
    for age, file in enumerate(files):
        row = {"version": file.versions.get(), "purpose": "download", "expires_at": now + timedelta(minutes=1)}
        Download.objects.create(user=subscriber, created_at=now - timedelta(days=age), **row)
    theirs = build.file(name="Not mine")
    Download.objects.create(
        user=newcomer,
        version=theirs.versions.get(),
        purpose="download",
        created_at=now,
        expires_at=now + timedelta(minutes=1),
    )
    client.force_login(subscriber)
    page = client.get("/account/").content.decode()
    assert [f"Book {number}<" in page for number in range(12)] == [True] * 10 + [False] * 2
    assert f'href="/files/{files[0].pk}/"' in page
    assert "Not mine" not in page


def test_the_page_is_kept_by_nobody(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    for path in (
        "/account/",
        "/account/export/",
        "/account/delete/",
        "/account/login/",
        "/account/2fa/",
        "/account/email/",
    ):
        assert "no-store" in client.get(path).get("Cache-Control", ""), path


def test_a_newcomer_is_shown_the_plans(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    page = client.get("/account/").content.decode()
    assert "You have no plan." in page
    assert 'action="/portal/"' not in page


def test_a_subscriber_sees_when_it_renews_and_may_cancel(client: Client, subscriber: User) -> None:
    client.force_login(subscriber)
    page = client.get("/account/").content.decode()
    assert "Renews on" in page
    assert 'action="/portal/"' in page
    assert 'value="subscription_cancel"' in page


def test_a_subscriber_who_cancelled_sees_the_last_day(client: Client, subscriber: User, now: datetime) -> None:
    Subscription.objects.update(cancel_at=now + timedelta(days=5))
    client.force_login(subscriber)
    page = client.get("/account/").content.decode()
    assert "You keep access until" in page
    assert "Renews on" not in page
    assert 'value="subscription_cancel"' not in page


def test_a_subscriber_whose_payment_failed_sees_by_when_to_pay(client: Client, subscriber: User, now: datetime) -> None:
    Subscription.objects.update(status="past_due", unpaid_since=now - timedelta(days=1))
    client.force_login(subscriber)
    page = client.get("/account/").content.decode()
    assert "Please pay by" in page
    assert "Use another card" in page


def test_a_lapsed_person_still_reaches_their_invoices(client: Client, lapsed: User, now: datetime) -> None:
    build.invoice(lapsed.customers.get(), now=now, number="LECT-7", status="paid")
    client.force_login(lapsed)
    page = client.get("/account/").content.decode()
    assert "You have no plan." in page
    assert "LECT-7" in page
    assert "Cards, addresses and billing" in page


def test_a_subscriber_finds_everything_they_ever_downloaded(client: Client, subscriber: User, now: datetime) -> None:
    for number in range(60):
        row = {
            "version": build.file(name=f"Book {number}").versions.get(),
            "purpose": "download",
            "expires_at": now + timedelta(minutes=1),
        }
        Download.objects.create(user=subscriber, created_at=now - timedelta(days=number), **row)
    assert client.get("/account/downloads/").status_code == 302
    client.force_login(subscriber)
    assert "All your downloads" in client.get("/account/").content.decode()
    assert "Book 49<" in client.get("/account/downloads/").content.decode()
    assert "Book 59<" in client.get("/account/downloads/?page=2").content.decode()
