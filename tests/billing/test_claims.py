"""The code that makes a guest's purchase somebody's: what it opens, and how little a wrong one is told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from billing import claims
from billing.models import Claim, Customer

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def guest() -> Customer:
    return Customer.objects.create(stripe_id="cus_guest", email="guest@example.com")


def test_code_is_50_bits_that_can_be_read_aloud_and_is_stored_nowhere(guest: Customer) -> None:
    code = claims.issue(guest, now=NOW)
    assert re.fullmatch(rf"[{claims.ALPHABET}]{{5}}-[{claims.ALPHABET}]{{5}}", code)
    assert len(claims.ALPHABET) ** claims.LENGTH == 2**50
    kept = Claim.objects.get()
    assert re.fullmatch(r"[0-9a-f]{64}", kept.digest)
    assert kept.expires_at == NOW + timedelta(days=7)


def test_guest_may_type_the_code_as_people_do(guest: Customer) -> None:
    code = claims.issue(guest, now=NOW)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} ", code.replace("0", "o").replace("1", "l")):
        assert claims.find(typed, now=NOW).customer == guest


def test_person_gets_the_customer_with_the_code_once(guest: Customer, django_user_model: Any) -> None:
    person = django_user_model.objects.create_user("other@example.com")
    code = claims.issue(guest, now=NOW)
    assert claims.redeem(code, person.pk, now=NOW) == guest
    guest.refresh_from_db()
    assert (guest.user, guest.current) == (person, True)
    assert Claim.objects.get().claimed_by == person
    with pytest.raises(claims.WrongCode):
        claims.redeem(code, person.pk, now=NOW)


def test_person_keeps_one_current_customer(guest: Customer, django_user_model: Any) -> None:
    person = django_user_model.objects.create_user("other@example.com")
    Customer.objects.create(stripe_id="cus_own", user=person)
    claims.redeem(claims.issue(guest, now=NOW), person.pk, now=NOW)
    assert set(person.customers.values_list("stripe_id", "current")) == {("cus_own", True), ("cus_guest", False)}


@pytest.mark.parametrize("typed", ["", "AAAAA-AAAAA", "ABCDE", "ÄÖÜ" * 10, "0" * 10_000, "\x00" * 10])
def test_guest_with_a_code_that_never_was_gets_nothing(guest: Customer, typed: str) -> None:
    claims.issue(guest, now=NOW)
    with pytest.raises(claims.WrongCode):
        claims.find(typed, now=NOW)


def test_guesser_has_five_tries_a_code(guest: Customer) -> None:
    code = claims.issue(guest, now=NOW)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    for _ in range(claims.MAX_TRIES):
        with pytest.raises(claims.WrongCode):
            claims.find(wrong, now=NOW)
    with pytest.raises(claims.WrongCode):
        claims.find(code, now=NOW)
    assert claims.find(claims.issue(guest, now=NOW), now=NOW)


def test_guest_with_an_old_code_gets_nothing(guest: Customer) -> None:
    first = claims.issue(guest, now=NOW)
    with pytest.raises(claims.WrongCode):
        claims.find(first, now=NOW + claims.LASTS)
    claims.issue(guest, now=NOW)
    with pytest.raises(claims.WrongCode):
        claims.find(first, now=NOW)


def test_customer_of_somebody_gets_no_code(guest: Customer, django_user_model: Any) -> None:
    guest.user = django_user_model.objects.create_user("owner@example.com")
    guest.save()
    with pytest.raises(ValueError, match="cus_guest"):
        claims.issue(guest, now=NOW)


def test_deleted_person_gets_nothing_with_a_code(guest: Customer) -> None:
    with pytest.raises(claims.WrongCode):
        claims.redeem(claims.issue(guest, now=NOW), 4711, now=NOW)
    guest.refresh_from_db()
    assert guest.user is None


def test_claim_without_a_code_cannot_be_stored(guest: Customer) -> None:
    with pytest.raises(IntegrityError):
        Claim.objects.create(customer=guest, digest="", sent_at=NOW, expires_at=NOW)
