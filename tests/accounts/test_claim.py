"""Expectation 4: what was paid without an account becomes somebody's by the code from the mail, and by nothing less."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import claims, entitlements
from billing.models import Claim, Customer, Notice, Subscription
from config.audit import AuditEntry
from tests import build
from tests.accounts import authenticator
from tests.billing.till import Till

pytestmark = [pytest.mark.django_db, pytest.mark.once]
GUEST = "gus@example.com"


@pytest.fixture
def till(db: None, stripe: Any) -> Till:
    return Till(stripe)


@pytest.fixture
def paid(till: Till) -> Customer:
    """A guest has paid for a plan, in some browser that is gone, and the bells have rung."""
    browser = Client()
    browser.get("/plans/")
    till.press(browser.post(f"/checkout/{till.sell().stripe_id}/").headers["Location"], "pay", email=GUEST)
    till.ring_last()
    return Customer.objects.get()


@pytest.fixture
def code(paid: Customer) -> str:
    return claims.issue(paid, now=timezone.now())


def holds(person: User) -> bool:
    return bool(list(entitlements.held(person.pk, now=timezone.now())))


def test_04_guest_gets_an_account_with_the_address_that_the_code_proved(
    client: Client, paid: Customer, code: str, till: Till, work: Callable[..., int]
) -> None:
    answer = client.post("/account/claim/", {"code": code}, follow=True)
    assert answer.redirect_chain[-1][0] == "/library/"
    page = answer.content.decode()
    assert "Welcome! What you bought is open to you." in page
    person = User.objects.get(email=GUEST)
    assert client.session["_auth_user_id"] == str(person.pk)
    assert not person.has_usable_password()
    assert list(EmailAddress.objects.values_list("user", "email", "verified", "primary")) == [
        (person.pk, GUEST, True, True)
    ]
    assert holds(person)
    paid.refresh_from_db()
    assert (paid.user, paid.current) == (person, True)
    assert Notice.objects.get(kind="welcome").user == person
    assert AuditEntry.objects.get(act="purchase.claimed").person_id == person.pk
    work()
    at_stripe = till.stripe.call("GET", f"customers/{paid.stripe_id}")
    assert at_stripe["metadata"] == {"user": str(person.pk), "site": "http://testserver"}


def test_guest_may_choose_a_password_right_after(client: Client, code: str) -> None:
    client.post("/account/claim/", {"code": code})
    assert client.get("/account/password/set/").status_code == 200


def test_lost_database_is_rebuilt_with_its_owner(
    client: Client, paid: Customer, code: str, till: Till, work: Callable[..., int]
) -> None:
    client.post("/account/claim/", {"code": code})
    work()
    Customer.objects.all().delete()
    till.rung.clear()
    Notice.objects.all().delete()
    till.ring_all()
    assert Customer.objects.get().user == User.objects.get(email=GUEST)


def test_looking_at_the_link_claims_nothing(client: Client, paid: Customer, code: str) -> None:
    for method in (client.get, client.head, client.get):
        answer = method(f"/account/claim/{code}/")
        assert answer.status_code == 200
    assert "Membership" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    paid.refresh_from_db()
    assert paid.is_guest
    assert not User.objects.exists()
    client.post(f"/account/claim/{code}/")
    assert holds(User.objects.get())


def test_person_who_is_signed_in_gets_it_whatever_their_address(
    client: Client, paid: Customer, code: str, newcomer: User
) -> None:
    client.force_login(newcomer)
    assert newcomer.email in client.get(f"/account/claim/{code}/").content.decode()
    assert client.post(f"/account/claim/{code}/").headers["Location"] == "/library/"
    assert holds(newcomer)
    assert User.objects.count() == 1


def test_account_with_the_paid_address_is_signed_into_first(client: Client, paid: Customer, code: str) -> None:
    person = build.person(GUEST)
    answer = client.post(f"/account/claim/{code}/")
    assert answer.headers["Location"] == "/account/login/?next=/account/claim/"
    assert "_auth_user_id" not in client.session
    assert not holds(person)
    assert code not in str(dict(client.session.items()))
    signed_in = client.post(
        "/account/login/?next=/account/claim/", {"login": GUEST, "password": build.PASSWORD}, follow=True
    )
    assert signed_in.redirect_chain[-1][0] == "/library/"
    assert holds(person)


def test_code_alone_skips_no_second_factor(client: Client, paid: Customer, code: str) -> None:
    person = build.person(GUEST)
    secret = authenticator.enrol(person)
    client.post(f"/account/claim/{code}/")
    client.post("/account/login/?next=/account/claim/", {"login": GUEST, "password": build.PASSWORD})
    client.get("/account/claim/")
    assert not holds(person)
    assert "_auth_user_id" not in client.session
    client.post("/account/2fa/authenticate/", {"code": authenticator.code(secret)})
    client.get("/account/claim/")
    assert holds(person)


def test_account_that_was_begun_by_somebody_else_is_not_left_to_them(client: Client, paid: Customer, code: str) -> None:
    """Mallory signed up with the guest's address, and could never confirm it. Her password must not open what it becomes."""
    Client().post("/account/signup/", {"email": GUEST, "password1": build.PASSWORD})
    assert not EmailAddress.objects.get().verified
    client.post("/account/claim/", {"code": code})
    person = User.objects.get()
    assert holds(person)
    assert not person.check_password(build.PASSWORD)
    assert EmailAddress.objects.get().verified


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_active": False}, {"last_login": timezone.now()}])
def test_account_with_something_to_guard_is_never_entered_by_a_code(
    client: Client, paid: Customer, code: str, fields: dict[str, Any]
) -> None:
    person = User.objects.create_user(GUEST, build.PASSWORD, **fields)
    assert client.post("/account/claim/", {"code": code}).headers["Location"].startswith("/account/login/")
    person.refresh_from_db()
    assert person.check_password(build.PASSWORD)
    assert "_auth_user_id" not in client.session


def test_confirming_the_paid_address_alone_attaches_nothing(client: Client, paid: Customer, till: Till) -> None:
    client.force_login(build.person(GUEST))
    till.ring_last()
    client.get("/account/claim/")
    client.get("/library/")
    paid.refresh_from_db()
    assert paid.is_guest


def test_wrong_used_and_expired_codes_are_answered_alike(client: Client, paid: Customer, newcomer: User) -> None:
    used = claims.issue(paid, now=timezone.now())
    Claim.objects.update(expires_at=timezone.now())
    expired = client.post("/account/claim/", {"code": used})
    Claim.objects.update(expires_at=timezone.now() + claims.LASTS)
    claims.redeem(used, newcomer.pk, now=timezone.now())
    bodies = []
    for answer in (expired, *[client.post("/account/claim/", {"code": each}) for each in (used, "ABCDE-FGHJK", "?")]):
        assert answer.status_code == 404
        bodies.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()))
    assert len(set(bodies)) == 1
    assert client.get(f"/account/claim/{used}/").status_code == 404


def test_guesser_is_slowed_down_and_looking_counts(client: Client, paid: Customer, settings: Any) -> None:
    answers = [client.get("/account/claim/AAAAA-AAAAA/").status_code for _ in range(25)]
    assert answers[:20] == [404] * 20
    assert answers[20:] == [429] * 5
    assert client.post("/account/claim/", {"code": "AAAAA-AAAAA"}).status_code == 429


def test_broken_cache_opens_no_door(client: Client, code: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "add", broken)
    assert client.post("/account/claim/", {"code": code}).status_code == 429
    assert not User.objects.exists()


def test_new_code_is_asked_for_and_the_answer_gives_nothing_away(client: Client, paid: Customer) -> None:
    Notice.objects.all().delete()
    answers = [
        client.post("/account/claim/again/", {"email": each}, follow=True) for each in (GUEST.upper(), "no@b.cd")
    ]
    bodies = {re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", each.content.decode()) for each in answers}
    assert len(bodies) == 1
    assert [note.customer for note in Notice.objects.all()] == [paid]


def test_new_code_is_sent_at_most_so_often(client: Client, paid: Customer) -> None:
    Notice.objects.all().delete()
    statuses = [client.post("/account/claim/again/", {"email": GUEST}).status_code for _ in range(5)]
    assert statuses == [302, 302, 302, 429, 429]
    assert Notice.objects.count() == 1


def test_person_with_two_plans_after_a_claim_keeps_both_and_is_told(
    client: Client, paid: Customer, code: str, newcomer: User, plan: Any, now: Any
) -> None:
    build.subscribed(newcomer, plan, now=now, price=build.price(plan))
    client.force_login(newcomer)
    answer = client.post("/account/claim/", {"code": code}, follow=True)
    assert answer.redirect_chain[-1][0] == "/account/"
    page = answer.content.decode()
    assert "You pay for two plans now" in page
    assert page.count('value="subscription_cancel"') == 2
    assert set(Subscription.objects.values_list("customer__user", flat=True)) == {newcomer.pk}
    assert newcomer.customers.filter(current=True).count() == 1


def test_stripe_away_keeps_nobody_from_claiming(client: Client, paid: Customer, code: str, till: Till) -> None:
    till.stripe.fail_next("503", times=9)
    assert client.post("/account/claim/", {"code": code}).headers["Location"] == "/library/"
    assert holds(User.objects.get())


def test_deleted_account_leaves_nothing_to_claim(client: Client, paid: Customer, code: str, till: Till) -> None:
    client.post("/account/claim/", {"code": code})
    Subscription.objects.update(cancel_at=timezone.now())
    Notice.objects.all().delete()
    client.post("/account/delete/")
    assert not User.objects.exists()
    till.rung.clear()
    till.ring_all()
    assert not Notice.objects.filter(kind="claim").exists()
    client.post("/account/claim/again/", {"email": GUEST})
    assert not Notice.objects.filter(kind="claim").exists()
    with pytest.raises(ValueError, match="guest"):
        claims.issue(Customer.objects.get(), now=timezone.now())
