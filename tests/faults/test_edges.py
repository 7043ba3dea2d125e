"""A hundred and forty rows at odd moments; `python -m bench.faults edges` asks about thousands."""

import pytest

from bench.faults import edges

pytestmark = pytest.mark.django_db


def test_access_ends_and_begins_to_the_second_t32() -> None:
    found = edges.run(people=14)
    assert (found.rows, found.asked, found.wrong) == (140, 420, 0)


def test_edges_would_be_wrong_if_an_end_were_still_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: somebody who asks a second late."""
    late = edges.entitlements.held
    monkeypatch.setattr(edges.entitlements, "held", lambda person, *, now: late(person, now=now - edges.SECOND))
    assert edges.run(people=7).wrong == 70
