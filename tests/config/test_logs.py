"""The log: one line an event, no address that may be a key, and nothing a stranger sends looks like a line of its own."""

import io
import logging
import sys
from typing import Any

import pytest
from django.test import Client, RequestFactory

from accounts.models import User
from config.logs import Discreet, OneLine
from tests.visits import Visit

LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
BREAKS = ["\n", "\r", "\r\n", "\x00", "\x08", "\x1b[2K", "\x7f", "\x85", "\u2028", "\u2029"]
PAYLOADS = [
    f"a{cut}2026-01-01 00:00:00,000 {rest}" for cut in BREAKS for rest in ("x", "INFO billing", "\n\n", "%s", "é")
]


def written(*, message: str = "%s", args: tuple[Any, ...] = (), error: Any = None) -> str:
    record = logging.LogRecord("billing", logging.INFO, __file__, 1, message, args, error)
    return OneLine(LINE).format(record)


def test_t38_stranger_writes_no_line_of_their_own() -> None:
    lines = [line for payload in PAYLOADS for line in written(args=(payload,)).splitlines()]
    assert len(lines) == len(PAYLOADS) == 50
    assert all(line.isprintable() for line in lines)


def test_t38_message_of_an_error_stays_inside_its_traceback() -> None:
    try:
        raise ValueError("\n2026-01-01 00:00:00,000 INFO accounts somebody signed in\x1b[2K")
    except ValueError:
        first, *rest = written(message="failed", error=sys.exc_info()).splitlines()
    assert first.endswith("INFO billing failed")
    assert rest
    assert all(line.startswith("    | ") for line in rest)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/account/claim/ABCDE-FGHJK/",
        "/account/confirm-email/ABCDE-FGHJK/",
        "/account/password/reset/key/1-ABCDE-FGHJK/",
        "/nowhere/ABCDE-FGHJK/?code=ABCDE-FGHJK",
    ],
)
@pytest.mark.parametrize("method", ["get", "delete"])
def test_operator_finds_no_code_of_a_mail_in_the_log(log: io.StringIO, path: str, method: str) -> None:
    browser = Client()
    statuses = [getattr(browser, method)(path).status_code for _ in range(25)]
    assert "ABCDE" not in log.getvalue()
    assert len(log.getvalue().splitlines()) == sum(status >= 400 for status in statuses)


def test_operator_finds_no_code_when_the_page_breaks(
    db: None, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.claims.find", lambda *_, **__: 1 / 0)
    browser = Client(raise_request_exception=False)
    assert browser.get("/account/claim/ABCDE-FGHJK/").status_code == 500
    first, *rest = log.getvalue().splitlines()
    assert first.endswith("ERROR django.request failed status=500 by=request door=accounts:claim_code user=-")
    assert "ZeroDivisionError" in rest[-1]
    assert "ABCDE" not in log.getvalue()


def test_operator_reads_who_was_refused_what(newcomer: User, knock: Any, client_for: Any) -> None:
    visit: Visit = knock(client_for(newcomer), "get", "/files/00000000-0000-4000-8000-000000000000/")
    (line,) = visit.lines
    said = "refused status=404 by=request door=courses:download file_id=00000000-0000-4000-8000-000000000000"
    assert line.endswith(f"WARNING django.request {said} user={newcomer.pk}")


def test_what_is_answered_on_purpose_is_written_once() -> None:
    request = RequestFactory().get("/portal/")
    record = logging.LogRecord(
        "django.request", logging.ERROR, __file__, 1, "%s: %s", ("Unavailable", "/portal/"), None
    )
    vars(record).update(request=request, status_code=503)
    assert not Discreet().filter(record)


def test_lines_that_are_no_request_pass_unchanged() -> None:
    record = logging.LogRecord("courses", logging.INFO, __file__, 1, "minted id=%s", (7,), None)
    assert Discreet().filter(record)
    assert record.getMessage() == "minted id=7"
