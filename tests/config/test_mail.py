"""The one door for mail: what a line may hold, what a mail's head says, and that every sentence can be translated."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox
from hypothesis import given, settings
from hypothesis import strategies as st

from config import mail
from tests.house.scene import ROOT

LETTERS = sorted((ROOT / "templates" / "emails").iterdir())
# What stands between the marks of the template language once the translated parts are taken out.
TRANSLATED = re.compile(r"{% blocktrans.*?%}.*?{% endblocktrans %}", re.DOTALL)
MARKS = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}|<style>.*?</style>|<[^>]+>|Lectern", re.DOTALL)


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_words_become_one_line_a129(words: str) -> None:
    line = mail.one_line(words)
    assert len(line.splitlines()) <= 1
    assert len(line) <= mail.LONGEST_LINE
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)
    assert mail.one_line(line) == line


def test_plain_words_stay_as_they_are() -> None:
    for words in ("Atlas", "Кобзар", "می\u200cخواهم", "👩\u200d🏫 Course", "El Niño & Söhne"):
        assert mail.one_line(words) == words


def test_mail_says_that_a_machine_sent_it_and_where_answers_go(settings: Any) -> None:
    mail.send("a@example.com", "account_deleted", subject="Gone\r\nBcc: b@example.com", context={}, key="farewell:1")
    (message,) = outbox.outbox
    head = message.message()
    assert head["Subject"] == "Gone Bcc: b@example.com"
    assert head["Reply-To"] == "help@testserver"
    assert head["Auto-Submitted"] == "auto-generated"
    assert "Bcc" not in head
    assert "List-Unsubscribe" not in head
    settings.SUPPORT_EMAIL = ""
    mail.send("a@example.com", "account_deleted", subject="Gone", context={})
    assert "Reply-To" not in outbox.outbox[1].message()


def test_same_thing_has_the_same_id_and_another_site_another(settings: Any) -> None:
    first = mail.message_id("receipt:in_1")
    assert first == mail.message_id("receipt:in_1")
    assert first != mail.message_id("receipt:in_2")
    assert "in_1" not in first
    settings.SITE_URL = "https://elsewhere.example.com"
    assert mail.message_id("receipt:in_1") != first
    assert mail.message_id("receipt:in_1").endswith("@elsewhere.example.com>")


def test_address_that_would_break_out_of_its_header_is_refused() -> None:
    with pytest.raises(ValueError, match="newlines"):
        mail.send("a@example.com\nBcc: b@example.com", "account_deleted", subject="x", context={})
    assert outbox.outbox == []


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.name)
def test_every_sentence_of_a_mail_can_be_translated(path: Path) -> None:
    left = MARKS.sub(" ", TRANSLATED.sub(" ", path.read_text()))
    assert re.findall(r"[A-Za-z]{2,}", left) == []


def test_every_mail_has_its_twin_in_text() -> None:
    names = {path.stem for path in LETTERS} - {"button", "facts"}
    assert {path.name for path in LETTERS if path.stem in names} == {
        f"{name}.{end}" for name in names for end in ("txt", "html")
    }
    assert len(names) > 12
