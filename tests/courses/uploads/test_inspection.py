"""T17: what is good becomes a download, byte for byte; what is bad never does, says what to do, and leaves the bucket."""

from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client

from courses import inspection, storage
from courses.models import FileVersion
from tests.courses.uploads.hands import Work, ask, delivered, nothing_left, uploaded
from tests.courses.uploads.samples import BAD, GOOD, PDF
from tests.house.scene import ROOT

State = FileVersion.State
LIBRARY = sorted(
    path for path in (ROOT / "sandbox" / "library" / "assets").rglob("*.*") if inspection.content_type_of(path.name)
)


@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("name", GOOD)
def test_t17_a_good_file_becomes_ready_and_is_delivered_byte_for_byte(name: str, now: datetime, work: Work) -> None:
    version = uploaded(name, GOOD[name], now, work)
    assert (version.state, version.problem) == (State.READY, "")
    assert delivered(version) == GOOD[name]


@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("case", BAD)
def test_t17_a_bad_file_is_rejected_with_a_sentence_and_its_bytes_are_removed(
    case: str, now: datetime, work: Work, subscriber: object, client_for: type[Client]
) -> None:
    name, body = BAD[case]
    version = uploaded(name, body, now, work)
    assert version.state == State.REJECTED
    assert version.problem.endswith((".", "?"))
    assert nothing_left(version)
    assert client_for(subscriber).get(version.file.get_absolute_url()).status_code == 404  # type: ignore[arg-type]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_real_files_are_what_they_say(path: Path) -> None:
    body = path.read_bytes()
    kind = inspection.content_type_of(path.name)
    assert inspection.problem(kind, len(body), lambda start, length: body[start : start + length]) == ""


def test_no_kind_that_can_run_a_script_is_taken() -> None:
    kinds = set(inspection.TYPES.values())
    assert kinds
    assert not [kind for kind in kinds if any(word in kind for word in ("html", "svg", "xml", "script"))]


@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/javascript", "application/zip"])
def test_what_could_run_a_script_is_never_served_inline(kind: str, now: datetime, work: Work) -> None:
    version = uploaded("a.pdf", PDF, now, work)
    signed = storage.sign_get(version.key, "x", content_type=kind, ttl=60, trace="t", inline=True)
    assert "response-content-disposition=attachment" in signed.url
    assert ask("GET", signed.url)[0] == 200
