"""Tickets and answers: who may write, whose a customer is, which bells an answer settles, and that a half is never written."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from billing import gateway, sync
from billing.gateway import CustomerSnapshot
from billing.models import Customer, Invoice, Subscription, WebhookEvent
from tests import build
from tests.billing.snapshots import JUNE, customer, invoice, subscription
from tests.billing.test_events import kept
from tests.billing.till import Till

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


# --- Tickets ----------------------------------------------------------------------------------


def test_tickets_of_a_customer_are_counted_from_one_and_each_is_its_own() -> None:
    assert [sync.take_ticket("cus_1") for _ in range(3)] == [1, 2, 3]
    assert sync.take_ticket("cus_2") == 1
    assert sync.take_ticket("cus_1") == 4
    first = Customer.objects.get(stripe_id="cus_1")
    assert (first.user, first.ticket, first.applied_ticket, first.synced_at) == (None, 4, 0, None)


def test_whoever_comes_second_to_a_new_customer_takes_the_next_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bells of a customer that nobody has heard of: between this one's look and its row, the other makes it."""
    look = sync._first_ticket

    def late(name: str) -> int | None:
        assert look(name) == 1
        return look(name)

    monkeypatch.setattr(sync, "_first_ticket", late)
    assert sync.take_ticket("cus_new") == 2
    assert Customer.objects.get().ticket == 2


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_tickets_of_everybody_are_taken_at_once(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(sync, "BATCH", batch)
    for number, ticket in enumerate((0, 4, 9)):
        Customer.objects.create(stripe_id=f"cus_{number}", ticket=ticket, current=False)
    taken = {"cus_0": 1, "cus_1": 5, "cus_2": 10}
    assert sync.take_tickets() == taken
    assert dict(Customer.objects.values_list("stripe_id", "ticket")) == taken
    assert sync.take_ticket("cus_1") == 6


@pytest.mark.django_db(transaction=True)
def test_ticket_is_committed_before_stripe_is_asked() -> None:
    """Inside somebody's transaction it would not be: another asker would be handed the same one."""
    for take in (lambda: sync.take_ticket("cus_1"), sync.take_tickets):
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
            take()
    assert not Customer.objects.exists()


# --- Answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ticket", "applied"), [(4, False), (5, False), (6, True)])
def test_answer_is_written_unless_a_later_one_stands(ticket: int, applied: bool) -> None:
    """The same ticket twice is the same answer twice."""
    Customer.objects.create(stripe_id="cus_1", email="old@example.com", ticket=9, applied_ticket=5)
    bell = kept(customer_id="cus_1")
    answer = customer(subscriptions=(subscription(),))
    assert sync.apply(answer, ticket=ticket, now=JUNE, rung=[bell.pk]) is applied
    found = Customer.objects.get()
    assert found.applied_ticket == (6 if applied else 5)
    assert found.synced_at == (JUNE if applied else None)
    assert found.email == ("nadia@example.com" if applied else "old@example.com")
    assert Subscription.objects.exists() is applied
    assert WebhookEvent.objects.unhandled().exists() is not applied


def test_answer_settles_the_bells_that_rang_before_it_and_no_others() -> None:
    ticket = sync.take_ticket("cus_1")
    rung = [kept(parked_at=JUNE, tries=5, error="Gone"), kept()]
    later = kept(parked_at=JUNE)
    sync.apply(customer(), ticket=ticket, now=JUNE + DAY, rung=[one.pk for one in rung])
    found = list(WebhookEvent.objects.order_by("pk").values_list("handled_at", "parked_at", "tries", "error"))
    assert found == [(JUNE + DAY, None, 5, "Gone"), (JUNE + DAY, None, 0, ""), (None, JUNE, 0, "")]
    assert later.pk not in {one.pk for one in rung}


def test_answer_without_bells_settles_none() -> None:
    kept()
    sync.apply(customer(), ticket=sync.take_ticket("cus_1"), now=JUNE)
    assert WebhookEvent.objects.unhandled().count() == 1


def test_answer_that_cannot_be_written_whole_is_not_written_at_all() -> None:
    ticket = sync.take_ticket("cus_1")
    bell = kept()
    odd = replace(invoice(), created_at=None)  # type: ignore[arg-type] # No database takes it.
    with pytest.raises(IntegrityError):
        sync.apply(customer(subscriptions=(subscription(),), invoices=(odd,)), ticket=ticket, now=JUNE, rung=[bell.pk])
    assert not Subscription.objects.exists()
    assert not Invoice.objects.exists()
    found = Customer.objects.get()
    assert (found.applied_ticket, found.synced_at, found.email) == (0, None, "")
    assert WebhookEvent.objects.unhandled().exists()


# --- Whose a customer is ----------------------------------------------------------------------


def told(named: object, **metadata: str) -> Customer:
    """Apply an answer whose metadata name somebody, and return the customer."""
    ours = {"site": settings.SITE_URL, "user": str(named)} | metadata
    sync.apply(customer(metadata=ours), ticket=sync.take_ticket("cus_1"), now=JUNE)
    return Customer.objects.get(stripe_id="cus_1")


def test_customer_is_whose_we_said_it_was(newcomer: User) -> None:
    person = build.person()
    found = told(person.pk)
    assert (found.user, found.current, found.email) == (person, True, "nadia@example.com")


def test_customer_that_somebody_has_is_never_given_to_another(newcomer: User) -> None:
    holder = build.person()
    build.customer(holder, stripe_id="cus_1")
    found = told(newcomer.pk)
    assert (found.user, found.current) == (holder, True)


def test_second_customer_of_a_person_is_not_their_current_one(newcomer: User) -> None:
    first = build.customer(newcomer)
    assert (told(newcomer.pk).user, told(newcomer.pk).current) == (newcomer, False)
    first.refresh_from_db()
    assert first.current


@pytest.mark.parametrize("fields", [{"current": False}, {"deleted": True}])
def test_customer_is_current_where_the_others_are_not(newcomer: User, fields: dict[str, bool]) -> None:
    build.customer(newcomer, **fields)
    build.customer(build.person())
    assert told(newcomer.pk).current


def test_customer_of_a_deleted_account_is_nobodys_and_no_guests(newcomer: User) -> None:
    gone = newcomer.pk
    newcomer.delete()
    found = told(gone)
    assert (found.user, found.current) == (None, False)
    assert not Customer.objects.guests().exists()


def test_customer_that_names_nobody_is_a_guests() -> None:
    sync.apply(customer(), ticket=sync.take_ticket("cus_1"), now=JUNE)
    found = Customer.objects.get()
    assert (found.user, found.current) == (None, True)
    assert Customer.objects.guests().count() == 1


@pytest.mark.parametrize("named", ["", "x", "-{pk}", "+{pk}", " {pk}", "{pk} ", "{pk}\n", "{pk}.0", "1" * 19, "٣"])
def test_what_is_no_number_of_a_person_binds_nobody(newcomer: User, named: str) -> None:
    found = told(named.format(pk=newcomer.pk))
    assert (found.user, found.current) == (None, True)


@pytest.mark.parametrize("site", ["", "http://testserver/", "https://other.example"])
def test_person_of_another_site_is_nobody_of_ours(newcomer: User, site: str) -> None:
    assert told(newcomer.pk, site=site).user is None


def test_number_of_eighteen_digits_may_be_a_persons() -> None:
    assert told("9" * 18).current is False


def test_customer_deleted_at_stripe_keeps_its_person_and_address_w110(newcomer: User) -> None:
    build.customer(newcomer, stripe_id="cus_1", email="kept@example.com")
    gone = customer(email="", deleted=True)
    sync.apply(gone, ticket=sync.take_ticket("cus_1"), now=JUNE)
    found = Customer.objects.get()
    assert (found.deleted, found.current) == (True, False)
    assert (found.user, found.email) == (newcomer, "kept@example.com")


# --- Asking Stripe ----------------------------------------------------------------------------


def test_unknown_customer_leaves_no_row_of_nobody_and_takes_no_other(newcomer: User, till: Till) -> None:
    """Only what this very bell made is taken away again: not a person's, not one that was confirmed before, not another."""
    with pytest.raises(gateway.Gone):
        sync.converge("cus_new")
    assert not Customer.objects.exists()
    build.customer(newcomer, stripe_id="cus_hers")
    build.customer(None, stripe_id="cus_confirmed", synced_at=timezone.now())
    build.customer(None, stripe_id="cus_other")
    for name in ("cus_hers", "cus_confirmed"):
        with pytest.raises(gateway.Gone):
            sync.converge(name)
    assert Customer.objects.count() == 3
    assert set(Customer.objects.values_list("stripe_id", "ticket")) == {
        ("cus_hers", 1),
        ("cus_confirmed", 1),
        ("cus_other", 0),
    }


def test_answer_about_one_customer_settles_no_bell_of_another(member: User, till: Till) -> None:
    name = member.customers.get().stripe_id
    mine, other, done = kept(customer_id=name), kept(customer_id="cus_2"), kept(customer_id=name, handled_at=JUNE)
    assert sync.converge(name) is True
    for one in (mine, other, done):
        one.refresh_from_db()
    assert mine.handled_at is not None
    assert other.handled_at is None
    assert done.handled_at == JUNE


def test_bell_that_rings_while_stripe_is_asked_is_not_settled_by_that_answer(
    member: User, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it rings about may have come after what was read."""
    name, ask = member.customers.get().stripe_id, gateway.fetch_customer

    def slowly(customer_id: str) -> CustomerSnapshot:
        answer = ask(customer_id)
        kept(customer_id=customer_id)
        return answer

    monkeypatch.setattr(gateway, "fetch_customer", slowly)
    assert sync.converge(name)
    assert WebhookEvent.objects.unhandled().count() == 1


def test_reconcile_tells_what_it_did_settles_bells_and_names_a_foreign_key(
    member: User, till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    name = member.customers.get().stripe_id
    till.stripe.call("POST", "customers", email="gus@example.com")
    build.customer(build.person(), stripe_id="cus_lost")
    build.customer(build.person(), stripe_id="cus_long_gone", deleted=True, current=False)
    mine, other = kept(customer_id=name), kept(customer_id="cus_lost")
    assert sync.reconcile() == sync.Report(applied=2, overtaken=0, unknown=1)
    mine.refresh_from_db()
    other.refresh_from_db()
    assert mine.handled_at is not None
    assert other.handled_at is None
    assert [one.getMessage() for one in caplog.records if one.name == "billing.sync"] == [
        "Stripe does not know a customer of ours: is the key that of another account? customer=cus_lost"
    ]
    assert ("GET", "/v1/customers/cus_long_gone") not in till.stripe.calls
    assert Customer.objects.filter(synced_at=None).count() == 2


def test_customer_missing_in_the_lists_is_asked_for_and_counted(member: User, till: Till) -> None:
    name = member.customers.get().stripe_id
    till.stripe.call("DELETE", f"customers/{name}")
    assert sync.reconcile() == sync.Report(applied=1, overtaken=0, unknown=0)
    assert Customer.objects.get().deleted
