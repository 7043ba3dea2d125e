"""docs/bad-inputs.md lists 136 inputs, and each has a test that is there and bears its number."""

import re
import subprocess
import sys

import pytest

from tests.house.scene import ROOT

PAGE = ROOT / "docs" / "bad-inputs.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$", re.MULTILINE)
# The letter that the tests of each part bear before the number, and the last number of the part.
PARTS = {44: "d", 75: "u", 112: "w", 123: "c", 136: "a"}


def rows() -> list[tuple[int, str]]:
    return [(int(number), test) for number, _, _, test in ROW.findall(PAGE.read_text())]


def bears(test: str, number: int) -> bool:
    """Return whether the number stands in a test's name: u48, W76, _c113."""
    letter = next(letter for last, letter in PARTS.items() if number <= last)
    return bool(
        re.search(rf"(?<![a-z0-9]){letter}{number}(?![a-z0-9])", test.partition("::")[2].lower().replace("_", " "))
    )


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """Every test that pytest finds in the files that the page names."""
    files = sorted({test.partition("::")[0] for _, test in rows()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120).stdout
    return [line for line in listed.splitlines() if "::" in line]


def test_page_lists_every_number_once_and_in_order() -> None:
    assert [number for number, _ in rows()] == list(range(1, 137))


def test_every_input_has_a_test_that_is_there(collected: list[str]) -> None:
    assert len(collected) > 300
    missing = [(number, test) for number, test in rows() if not any(name.startswith(test) for name in collected)]
    assert missing == []


def test_every_test_bears_the_number_of_its_input() -> None:
    assert [(number, test) for number, test in rows() if not bears(test, number)] == []


def test_a_number_is_not_found_in_another() -> None:
    assert bears("tests/x.py::test_d13_a_word", 13)
    assert bears("tests/x.py::test_asks_for[d13 a word]", 13)
    assert not bears("tests/x.py::test_d130_a_word", 13)
    assert not bears("tests/x.py::test_u13_a_word", 13)
