"""I1 to I12: a healthy site keeps all of them; each is broken once here, and seen; nothing is written by asking."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import dashboard, invariants
from accounts.models import Inspection, User
from accounts.tasks import inspect
from billing.models import Customer, RevenueChange, Subscription, WebhookEvent
from config import audit
from config.models import BackgroundTask, Heartbeat
from courses import serving, storage
from courses.covers import make_sizes
from courses.models import Download, Fetch, File, FileVersion, Publication, Rekeying
from tests import build
from tests.courses.uploads.hands import Work, uploaded
from tests.courses.uploads.samples import PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
AGO = timedelta(hours=2)
SQLITE_TRIGGER = """CREATE TRIGGER IF NOT EXISTS config_auditentry_no_delete BEFORE DELETE ON config_auditentry
    BEGIN SELECT RAISE(ABORT, 'the record is kept as it was written'); END"""


@pytest.fixture
def site(subscriber: User, now: datetime, work: Work) -> dict[str, Any]:
    """A small healthy site: a member compared with Stripe lately, a file that is in the bucket, a click, a worker."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(SQLITE_TRIGGER)  # The tests of SQLite do without it; a site does not.
    Customer.objects.update(synced_at=now)
    version = uploaded("a.pdf", PDF, now, work)
    Publication.objects.update(state="published", published_at=now - AGO, updated_at=now - AGO)
    version = FileVersion.objects.select_related("file").get(pk=version.pk)
    serving.mint(subscriber, version, Download.Purpose.DOWNLOAD, now=now)
    Heartbeat.objects.update_or_create(worker="w", defaults={"started_at": now, "beat_at": now})
    return {"person": subscriber, "version": version, "now": now}


def broken(now: datetime) -> dict[str, list[str]]:
    return {one.name: one.broken for one in invariants.check(now=now) if one.count}


def test_a_healthy_site_keeps_all_twelve(site: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_invariants")
    said = capsys.readouterr().out
    assert said.count("ok ") == 12
    assert "BROKEN" not in said


# --- Each broken once -------------------------------------------------------------------------


def event_left_over(site: dict[str, Any]) -> None:
    WebhookEvent.objects.create(stripe_id="evt_1", type="x", created_at=site["now"], received_at=site["now"] - AGO)


def mail_twice(site: dict[str, Any]) -> None:
    for _ in range(2):
        build.notice(site["person"], now=site["now"], sent_at=site["now"])


def revenue_twice(site: dict[str, Any]) -> None:
    for _ in range(2):
        RevenueChange.objects.create(
            subscription=Subscription.objects.get(), at=site["now"], currency="usd", before=0, after=5
        )


def not_compared(site: dict[str, Any]) -> None:
    Customer.objects.update(synced_at=site["now"] - timedelta(hours=31))


def link_too_long(site: dict[str, Any]) -> None:
    Download.objects.update(expires_at=site["now"] + AGO)


def link_after_shut_out(site: dict[str, Any]) -> None:
    User.objects.filter(pk=site["person"].pk).update(is_active=False)
    audit.record("person.shut_out", person=site["person"])
    later = site["now"] + timedelta(minutes=10)
    serving.mint(site["person"], site["version"], Download.Purpose.DOWNLOAD, now=later)


def payer_refused(site: dict[str, Any]) -> None:
    Subscription.objects.update(current_period_end=site["now"] - timedelta(days=5))


def payer_of_nothing_known(site: dict[str, Any]) -> None:
    Subscription.objects.get().products.clear()
    Download.objects.all().delete()


def two_plans(site: dict[str, Any]) -> None:
    build.subscribed(site["person"], build.plan(), now=site["now"])


def link_of_nobody_entitled(site: dict[str, Any]) -> None:
    serving.mint(build.person(), site["version"], Download.Purpose.DOWNLOAD, now=site["now"])


def link_after_the_end(site: dict[str, Any]) -> None:
    Subscription.objects.update(status="canceled", ended_at=site["now"] - timedelta(seconds=61))


def trace_without_a_row(site: dict[str, Any]) -> None:
    Fetch.objects.create(request_id="R1", unknown="nobody", at=site["now"], status=200)


def bytes_gone(site: dict[str, Any]) -> None:
    storage.delete_object(site["version"].key)


def bytes_of_another_size(site: dict[str, Any]) -> None:
    FileVersion.objects.update(size=5)


def bytes_that_changed(site: dict[str, Any]) -> None:
    FileVersion.objects.update(sha256="0" * 64)


def signature_kept(site: dict[str, Any]) -> None:
    File.objects.update(name="see https://b/?X-Amz-Signature=00")


def card_kept(site: dict[str, Any]) -> None:
    audit.record("note.made", after={"said": "my card is 4242 4242 4242 4242"})


def refused_and_serving(site: dict[str, Any]) -> None:
    audit.record("file.rejected", target=site["version"].file, after={"version": site["version"].pk})


def ended_and_live(site: dict[str, Any]) -> None:
    Subscription.objects.update(ended_at=site["now"] - timedelta(minutes=30))
    Download.objects.all().delete()


def move_that_does_not_end(site: dict[str, Any]) -> None:
    Rekeying.objects.create(old_key="content/a", new_key="content/b", size=1, asked_at=site["now"] - AGO)


def work_that_waits(site: dict[str, Any]) -> None:
    task = make_sizes.enqueue(0)
    BackgroundTask.objects.filter(pk=task.id).update(enqueued_at=site["now"] - AGO)


def worker_silent(site: dict[str, Any]) -> None:
    Heartbeat.objects.update(beat_at=site["now"] - AGO)


def record_open(site: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER config_auditentry_no_update")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE config_auditentry DISABLE TRIGGER config_auditentry_keep")


def title_changed_behind_the_record(site: dict[str, Any]) -> None:
    book = build.ebook()
    audit.record("title.published", target=book)
    Publication.objects.filter(pk=book.pk).update(state="draft")


BREAKS: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("I1", event_left_over),
    ("I2", mail_twice),
    ("I2", revenue_twice),
    ("I3", not_compared),
    ("I4", link_too_long),
    ("I4", link_after_shut_out),
    ("I5", payer_refused),
    ("I5", payer_of_nothing_known),
    ("I6", two_plans),
    ("I7", link_of_nobody_entitled),
    ("I7", link_after_the_end),
    ("I7", trace_without_a_row),
    ("I8", bytes_gone),
    ("I8", bytes_of_another_size),
    ("I8", bytes_that_changed),
    ("I9", signature_kept),
    ("I9", card_kept),
    ("I10", refused_and_serving),
    ("I10", ended_and_live),
    ("I10", move_that_does_not_end),
    ("I11", work_that_waits),
    ("I11", worker_silent),
    ("I12", record_open),
    ("I12", title_changed_behind_the_record),
]


@pytest.mark.parametrize(("name", "breaks"), BREAKS, ids=[f"{name}-{breaks.__name__}" for name, breaks in BREAKS])
def test_each_invariant_is_seen_to_break_and_no_other(
    site: dict[str, Any], name: str, breaks: Callable[[dict[str, Any]], None]
) -> None:
    breaks(site)
    later = timedelta(days=2) if breaks is two_plans else timedelta(minutes=1)
    moment = site["now"] + (timedelta(minutes=11) if breaks is link_after_shut_out else timedelta(0))
    if breaks is two_plans:
        Subscription.objects.update(created_at=site["now"] - later)
    assert list(broken(moment)) == [name]


# --- As a duty --------------------------------------------------------------------------------


def test_asking_writes_nothing_and_could_not(site: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), invariants.reading(), transaction.atomic():
        File.objects.update(name="changed")
    assert not File.objects.filter(name="changed").exists()
    File.objects.update(name="changed afterwards")
    assert File.objects.filter(name="changed afterwards").exists()


def test_the_command_ends_with_one_and_speaks_json(site: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    not_compared(site)
    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants", "--json")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["broken"] == 1
    assert [one["name"] for one in told["invariants"] if one["count"]] == ["I3"]
    call_command("check_invariants", "I1", "I9")


def test_the_daily_look_raises_attention_until_it_is_well_again(
    site: dict[str, Any], owner: User, client_for: type[Client]
) -> None:
    not_compared(site)
    inspect.call()
    assert Inspection.objects.first().broken == {"I3": 1}  # type: ignore[union-attr]
    assert "must always be true is not (I3)" in client_for(owner).get("/admin/").content.decode()
    Customer.objects.update(synced_at=site["now"])
    inspect.call()
    assert not any("must always" in alarm.text for alarm in dashboard.alarms(owner, now=site["now"]))


def test_no_more_is_said_than_a_few_lines_and_how_many_there_are(site: dict[str, Any]) -> None:
    Fetch.objects.bulk_create(
        Fetch(request_id=f"R{number}", unknown="x", at=site["now"], status=200) for number in range(50)
    )
    (found,) = invariants.check(now=site["now"], only=["I7"])
    assert (len(found.broken), found.count) == (20, 50)


@pytest.mark.parametrize(
    ("text", "card"),
    [("4242424242424242", True), ("4242 4242 4242 4243", False), ("content/4242-4242-4242-4242-x", False), ("", False)],
)
def test_what_a_card_number_is(text: str, card: bool) -> None:
    assert invariants.is_card(text) is card
