"""docs/security.md names a test for every threat, and each is there."""

import re

from tests.house.scene import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
# What another program promises and this repository cannot try.
WITHOUT_A_TEST = {"T40"}


def test_every_threat_stands_on_the_page_with_its_test() -> None:
    rows = re.findall(r"^\| (T\d+) \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [f"T{number}" for number in range(1, 44)]
    assert {name for name, tests in rows if not NAMED.search(tests)} == WITHOUT_A_TEST


def test_every_test_on_the_page_is_there() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 50
    missing = [
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file() or (name and f"def {name}(" not in (ROOT / path).read_text())
    ]
    assert missing == []


def test_every_chapter_is_read() -> None:
    read = {int(number) for number in re.findall(r"^\| (\d+)(?:\.\d+)? ", PAGE, re.MULTILINE)}
    read |= {int(number) for number in re.findall(r"^\| \d+\.\d+[^|]*, (\d+)\.\d+", PAGE, re.MULTILINE)}
    assert read == set(range(1, 18))
