"""`make demo`, from the first start to the last Ctrl-C: what it promises scripts, what it gives to whom, and that nothing is lost."""

import hashlib
import os
import signal
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.stage import ROOT, Demo, Visitor, alive
from tests.environment import can_bind, free_port

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("clone")
    Demo.copy(folder)
    demo = Demo(folder, free_port(run=3))
    demo.start()
    yield demo
    if demo.process is not None and demo.process.poll() is None:
        demo.stop()


def members_files(demo: Demo) -> list[str]:
    """Return the ids of files that a live plan opens, and nothing less."""
    query = """
        SELECT file.id FROM courses_file file JOIN courses_publication title ON title.id = file.publication_id
        LEFT JOIN courses_lesson lesson ON lesson.id = file.lesson_id
        WHERE title.access = 'members' AND title.state = 'published' AND title.published_at < datetime('now')
        AND file.role != 'sample' AND coalesce(lesson.preview, 0) = 0
    """
    database = sqlite3.connect(f"file:{demo.folder / 'var' / 'lectern.sqlite3'}?mode=ro", uri=True)
    try:
        return [str(uuid.UUID(row[0])) for row in database.execute(query)]
    finally:
        database.close()


def test_scripts_find_what_they_may_rely_on(demo: Demo) -> None:
    facts, site = demo.facts(), f"http://127.0.0.1:{demo.port}"
    people = facts.pop("people")
    stripe = facts.pop("stripe")
    assert facts == {
        "site": site,
        "storage": {
            "endpoint": f"http://127.0.0.1:{demo.port + 1}",
            "bucket": "lectern-content",
            "region": "us-east-1",
        },
        "mail": "var/mail",
    }
    assert stripe.pop("key").startswith("sk_test_")
    assert stripe.pop("webhook_secret").startswith("whsec_")
    assert stripe == {"api": f"http://127.0.0.1:{demo.port + 2}", "webhook_url": f"{site}/stripe/webhook/"}
    assert list(people) == ["newcomer", "subscriber", "lapsed", "staff"]
    assert all(person.keys() == {"email", "password"} for person in people.values())
    assert (demo.folder / "var" / "mail").is_dir()


def test_its_keys_are_for_their_owner_alone(demo: Demo) -> None:
    assert (demo.folder / "var" / "demo" / "keys.json").stat().st_mode & 0o077 == 0


def test_site_bucket_and_stripe_answer(demo: Demo) -> None:
    facts = demo.facts()
    visitor = Visitor(facts["site"])
    assert visitor.ask("/healthz/")[0] == 200
    for page in ("/", "/courses/", "/ebooks/", "/plans/"):
        status, headers, _ = visitor.ask(page)
        assert status == 200, page
        assert "unsafe" not in headers["content-security-policy"]
    for embedded in (facts["stripe"]["api"] + "/", facts["storage"]["endpoint"] + "/lectern-content"):
        assert "set-cookie" not in visitor.ask(embedded)[1]
    assert visitor.ask(facts["storage"]["endpoint"] + "/lectern-content")[0] == 403


def test_an_error_shows_no_debug_page(demo: Demo) -> None:
    status, _, body = Visitor(demo.facts()["site"]).ask("/courses/no-such-course/")
    assert status == 404
    assert b"DEBUG" not in body


@pytest.mark.parametrize("who", ["newcomer", "lapsed"])
def test_members_files_are_refused_to(demo: Demo, who: str) -> None:
    facts = demo.facts()
    visitor = Visitor(facts["site"]).sign_in(facts["people"][who])
    files = members_files(demo)
    assert len(files) >= 6
    for file in files:
        status, headers, body = visitor.ask(f"/files/{file}/")
        assert (status, "location" in headers) == (403, False)
        assert b"X-Amz-Signature" not in body


def test_a_stranger_is_sent_to_sign_in(demo: Demo) -> None:
    status, headers, _ = Visitor(demo.facts()["site"]).ask(f"/files/{members_files(demo)[0]}/")
    assert status == 302
    assert headers["location"].startswith("/account/login/")


def test_the_subscriber_receives_the_bytes_that_were_uploaded(demo: Demo) -> None:
    facts = demo.facts()
    subscriber = Visitor(facts["site"]).sign_in(facts["people"]["subscriber"])
    assets = (ROOT / "sandbox" / "library" / "assets").rglob("*.*")
    uploaded = {hashlib.sha256(path.read_bytes()).hexdigest() for path in assets}
    received = [subscriber.download(file) for file in members_files(demo)]
    assert len(set(received)) >= 6
    assert set(received) <= uploaded


def test_staff_enter_the_workshop(demo: Demo) -> None:
    facts = demo.facts()
    assert Visitor(facts["site"]).sign_in(facts["people"]["staff"]).ask("/admin/")[0] == 200
    assert Visitor(facts["site"]).sign_in(facts["people"]["subscriber"]).ask("/admin/")[0] != 200


def test_the_worker_runs_beside_the_site(demo: Demo) -> None:
    log = demo.folder / "var" / "log" / "worker.log"
    deadline = time.monotonic() + 20
    while "task done name=config.tasks.clear_up" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def test_a_second_demo_in_the_same_folder_is_told_so(demo: Demo) -> None:
    second = Demo(demo.folder, free_port(run=3))
    process = second.launch()
    said = process.communicate(timeout=20)[0]
    assert process.returncode == 1
    assert "another demo is running" in said
    assert "Traceback" not in said
    assert demo.announced.exists()


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_taken_port_is_one_plain_sentence(tmp_path: Path, offset: int) -> None:
    demo = Demo(ROOT, free_port(run=3))
    with socket.create_server(("127.0.0.1", demo.port + offset)):
        process = demo.launch("--var", str(tmp_path / "var"))
        said = process.communicate(timeout=20)[0]
    assert process.returncode == 1
    assert said.strip().splitlines() == [
        f"The demo stopped: port {demo.port + offset} is taken. Choose others, for example: PORT={demo.port + 1000} make demo"
    ]


def test_a_variable_that_is_half_set_is_named(tmp_path: Path) -> None:
    demo = Demo(ROOT, free_port(run=3))
    process = demo.launch("--var", str(tmp_path / "var"), S3_BUCKET="my-own-bucket")
    said = process.communicate(timeout=30)[0]
    assert process.returncode == 1
    assert "S3_REGION is missing. Example: S3_REGION=eu-central-1" in said


def test_ctrl_c_ends_every_process_and_a_restart_loses_nothing(demo: Demo) -> None:
    facts = demo.facts()
    subscriber = Visitor(facts["site"]).sign_in(facts["people"]["subscriber"])
    file = members_files(demo)[0]
    before = subscriber.download(file)
    stripe_page = Visitor(facts["stripe"]["api"]).ask("/")[0]
    family = demo.family()
    assert len(family) >= 5
    status, said = demo.stop()
    assert status == 0, said
    assert "Traceback" not in said
    assert not demo.announced.exists()
    assert list(filter(alive, family)) == []
    assert all(can_bind(demo.port + offset) for offset in range(3))
    began = time.monotonic()
    assert demo.start() == facts
    assert time.monotonic() - began < 30
    assert subscriber.ask("/library/")[0] == 200, "the session is still good"
    assert subscriber.download(file) == before
    assert Visitor(facts["stripe"]["api"]).ask("/")[0] == stripe_page


@pytest.mark.parametrize(("dies", "position"), [("the worker", 2), ("the site", 1)])
def test_when_one_part_dies_everything_stops_and_says_so(demo: Demo, dies: str, position: int) -> None:
    """Last, because it ends the demo."""
    if demo.process is None or demo.process.poll() is not None:
        demo.start()
    family = demo.family()
    assert demo.process is not None
    os.kill(family[position], signal.SIGKILL)
    said = demo.process.communicate(timeout=20)[0]
    assert demo.process.returncode == 1
    assert f"{dies} ended with status -9. Its last lines" in said
    assert list(filter(alive, family)) == []
    assert all(can_bind(demo.port + offset) for offset in range(3))
