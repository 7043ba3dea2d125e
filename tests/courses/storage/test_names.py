"""File names: readable in any script, harmless in a header and on a disk."""

import re
import unicodedata
from email.message import Message
from email.policy import HTTP
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.storage import content_disposition, download_name
from courses.storage.names import DEVICES
from tests.effort import tries

PDF = "application/pdf"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Tide Book", "The Tide Book.pdf"),
        ("The Tide Book.pdf", "The Tide Book.pdf"),
        ("The Tide Book.PDF", "The Tide Book.pdf"),
        ("the.tide.book", "the.tide.book.pdf"),
        ("潮の本", "潮の本.pdf"),
        ("Zażółć gęślą jaźń", "Zażółć gęślą jaźń.pdf"),
        ("Tides 🌊", "Tides 🌊.pdf"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie x=1.pdf"),
        ('He said "no"; yes, really', "He said no ; yes, really.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ("..", "download.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "download.pdf"),
        ("CON", "download-CON.pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe.pdf"),
        ("a\x00b", "a b.pdf"),
    ],
)
def test_title_becomes_a_safe_readable_name(title: str, name: str) -> None:
    assert download_name(title, PDF) == name


def test_long_title_is_cut_between_characters() -> None:
    name = download_name("潮" * 300, PDF)
    assert len(name.encode()) <= 150
    assert name.removesuffix(".pdf") == "潮" * 48


def test_unknown_type_gets_an_ending_that_opens_nothing() -> None:
    assert download_name("page.html", "text/html") == "page.html.bin"


@settings(max_examples=tries(200, 10_000), deadline=None)
@given(st.text(max_size=400))
def test_any_title_gives_a_bounded_name_without_separators_or_controls(title: str) -> None:
    name = download_name(title, PDF)
    assert name.endswith(".pdf")
    assert len(name.encode()) <= 150
    assert not re.search(r'[/\\:*?"<>|\r\n]', name)
    assert not [
        c
        for c in name
        if unicodedata.category(c) in ("Cc", "Cs", "Co")
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ]
    assert name.strip(". ") == name


@settings(max_examples=tries(200, 10_000), deadline=None)
@given(st.text(max_size=400))
def test_any_name_survives_the_header(title: str) -> None:
    name = download_name(title, PDF)
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    kind, fallback, extended = header.split("; ", 2)
    assert kind == "attachment"
    assert re.fullmatch(r'filename="[^"\\%;./:*?<>|][^"\\%;/:*?<>|]*\.pdf"', fallback)
    assert fallback[10:].partition(".")[0].lower() not in DEVICES
    assert unquote(extended.removeprefix("filename*=UTF-8''")) == name
    message = Message(policy=HTTP)
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("title", "fallback"),
    [
        ("÷.0", "0.pdf"),
        ("１／２", "1 2.pdf"),
        ("ＣＯＮ", "download-CON.pdf"),
        ("水", "download.pdf"),
        ("a%b;c", "a_b_c.pdf"),
    ],
)
def test_fallback_is_as_safe_as_the_true_name(title: str, fallback: str) -> None:
    """What is left of a name, or what a wide letter becomes, may be a hidden file, a folder or a device."""
    assert f'filename="{fallback}";' in content_disposition(download_name(title, PDF))


@settings(max_examples=tries(200, 10_000), deadline=None)
@given(st.text(max_size=40), st.text(max_size=8))
def test_header_is_whole_whatever_name_it_is_given(stem: str, ending: str) -> None:
    """Names that nobody made safe, with any ending."""
    header = content_disposition(f"{stem}.{ending}".encode(errors="ignore").decode())
    assert header.isascii()
    assert re.fullmatch(r"""attachment; filename="[^"\\%;/:*?<>|]+"; filename\*=UTF-8''[\w.~%-]*""", header, re.ASCII)


def test_inline_is_said_only_when_asked() -> None:
    assert content_disposition("a.pdf", inline=True).startswith("inline;")
