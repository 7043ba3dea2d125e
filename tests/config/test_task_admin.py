"""Olga sees what works in the background, in plain words, and runs again what was given up."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from config.models import AuditEntry, BackgroundTask
from tests import build
from tests.config import tasks
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
LIST = "/admin/config/backgroundtask/"


@pytest.fixture
def given_up(work: Callable[..., int]) -> BackgroundTask:
    tasks.break_cup.enqueue(7)
    BackgroundTask.objects.update(worker_ids=["one", "two"])
    work(failing=True)
    return BackgroundTask.objects.get(status="FAILED")


def test_the_owner_reads_name_state_tries_and_error(owner: User, given_up: BackgroundTask) -> None:
    desk = ClientFor(owner)
    listed = desk.get(LIST).content.decode()
    for seen in ("Break a cup", "given up", "ValueError: cup 7 of sam@example.com fell"):
        assert seen in listed
    assert "Traceback" not in listed
    page = desk.get(f"{LIST}{given_up.pk}/change/").content.decode()
    assert "Traceback" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize(
    ("state", "found"), [("waiting", 1), ("again", 1), ("running", 0), ("failed", 1), ("done", 0), ("nonsense", 3)]
)
def test_the_owner_filters_by_state(owner: User, given_up: BackgroundTask, state: str, found: int) -> None:
    tasks.greet.enqueue("Sam")
    again = tasks.greet.enqueue("Lara")
    BackgroundTask.objects.filter(pk=again.id).update(worker_ids=["one"])
    listed = ClientFor(owner).get(LIST, {"state": state}, follow=True).content.decode()
    assert listed.count('class="action-select"') == found


def test_the_owner_runs_again_what_was_given_up(owner: User, given_up: BackgroundTask) -> None:
    answer = ClientFor(owner).post(
        LIST, {"action": "run_again", "_selected_action": [str(given_up.pk)]}, follow=True, REMOTE_ADDR="203.0.113.9"
    )
    assert "1 task will run now." in answer.content.decode()
    given_up.refresh_from_db()
    assert (given_up.status, given_up.tries) == ("READY", 0)
    entry = AuditEntry.objects.get(act="task.run_again")
    assert (entry.actor, entry.address, entry.target_pk) == (owner, "203.0.113.9", str(given_up.pk))


def test_nobody_edits_adds_or_deletes_a_task(owner: User, given_up: BackgroundTask) -> None:
    desk = ClientFor(owner)
    for path in (f"{LIST}add/", f"{LIST}{given_up.pk}/change/", f"{LIST}{given_up.pk}/delete/"):
        assert desk.post(path, {"post": "yes", "status": "SUCCESSFUL"}).status_code == 403
    assert desk.get("/admin/django_tasks_database/dbtaskresult/").status_code == 404


def test_a_helper_who_may_only_look_finds_no_button(given_up: BackgroundTask) -> None:
    helper = build.person("hugo@example.com", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_backgroundtask"))
    page = ClientFor(helper).get(LIST)
    assert page.status_code == 200
    assert b'value="run_again"' not in page.content
