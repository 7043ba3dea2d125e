"""What may not stand in any tracked file: secrets, registry hosts, paths of one machine, files of a build."""

# ruff: noqa: ISC003 - what is looked for is written in pieces, so that this file does not hold it
import re
from pathlib import Path

import pytest

from tests.house.scene import ROOT, text_of, tracked

HERE = Path(__file__).relative_to(ROOT)
FORBIDDEN = {
    "a live Stripe key": r"\b[sr]k_" + r"live_[A-Za-z0-9]{16,}",
    "a Stripe test key": r"\b[sr]k_" + r"test_[A-Za-z0-9]{24,}",
    "a webhook secret": r"\bwhsec_" + r"[A-Za-z0-9+/]{32,}",
    "an AWS key id": r"\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)" + r"[A-Z0-9]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE" + r" KEY-----",
    "a GitHub token": r"\bgh[pousr]_" + r"[A-Za-z0-9]{30,}",
    "a path of one machine": r"(?<![\w.$}/-])/(?:ro" + r"ot|home|Users|wo" + r"rk)/[A-Za-z0-9_.-]+",
    "a registry's address": r"https?://[^\s\"')]*(?:/simple/?\b|pypi\.or"
    + r"g|pythonhosted|registry\.npm|artifactory|nexus|devpi)",
    "an index option": r"(?:--index-" + r"url|--extra-index-url|--find-links|--trusted-host)[ =]https?:",
}
NOT_KEPT = re.compile(r"(^|/)(__pycache__|node_modules|\.venv|var)/|\.(pyc|pyo|sqlite3|log|DS_Store)$|(^|/)\.env$")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}: {match[0][:60]}"
        for path in tracked()
        for match in pattern.finditer(text_of(path))
        if path != ROOT / HERE
    ]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    samples = {
        "a live Stripe key": "sk_" + "live_" + "a1B2" * 6,
        "a Stripe test key": "sk_" + "test_" + "a1B2" * 8,
        "a webhook secret": "whsec_" + "a1B2" * 9,
        "an AWS key id": "AKIA" + "QWERTYUIOPASDFGH",
        "a private key": "-----BEGIN RSA PRIVATE" + " KEY-----",
        "a GitHub token": "ghp_" + "a1B2" * 9,
        "a path of one machine": "see /ho" + "me/somebody/lectern",
        "a registry's address": "https://pypi.or" + "g/x",
        "an index option": "--index-" + "url https://mirror.example",
    }
    assert samples.keys() == FORBIDDEN.keys()
    assert [what for what, sample in samples.items() if not re.search(FORBIDDEN[what], sample)] == []


def test_nothing_made_by_a_build_is_tracked() -> None:
    names = [str(path.relative_to(ROOT)) for path in tracked()]
    assert [name for name in names if NOT_KEPT.search(name)] == []
    assert len(names) > 100


def test_no_tracked_file_is_huge() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > 5 * 1024**2] == []
