"""No template holds inline script or style, or an address that the content security policy would refuse. Mails are another matter."""

import re
from pathlib import Path

import pytest

from tests.house.scene import ROOT, tracked

MAILS = ("templates/emails/", "templates/account/email/")
REFUSED = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")", re.IGNORECASE),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE),
    "something from another host": re.compile(
        r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE
    ),
    "a form to another host": re.compile(r"<form\b[^>]*\baction=[\"'](?:https?:)?//", re.IGNORECASE),
}


def pages() -> list[Path]:
    names = [str(path.relative_to(ROOT)) for path in tracked()]
    return [
        ROOT / name
        for name in names
        if "templates/" in name and name.endswith(".html") and not name.startswith(("sandbox/", *MAILS))
    ]


@pytest.mark.parametrize("what", REFUSED)
def test_no_page_holds(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0][:80]}"
        for path in pages()
        for match in REFUSED[what].finditer(path.read_text())
    ]
    assert found == []
    assert len(pages()) > 20


def test_the_patterns_find_what_they_are_for() -> None:
    samples = {
        "an inline script": "<script>alert(1)</script>",
        "an inline style sheet": "<style>p {}</style>",
        "a style attribute": '<p class="a" style="color: red">',
        "an event attribute": '<a href="#" onclick="go()">',
        "a javascript: address": '<a href="javascript:go()">',
        "something from another host": '<script src="https://cdn.example.com/a.js">',
        "a form to another host": '<form method="post" action="https://example.com/">',
    }
    assert samples.keys() == REFUSED.keys()
    assert [what for what, sample in samples.items() if not REFUSED[what].search(sample)] == []
    assert not REFUSED["an inline script"].search('<script type="module" src="/static/a.js">')
