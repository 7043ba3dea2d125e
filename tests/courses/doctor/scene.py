"""A bucket as its owner has set it up, and the one finding that a test is about."""

from config.checkup import Check, Finding, Verdict, examine
from courses.doctor import CHECKS

KNOWN = {check.name: check for check in CHECKS}


def with_needs(name: str) -> list[Check]:
    """Return the check and, before it, those it needs."""
    needs = [one for need in KNOWN[name].needs for one in with_needs(need)]
    return list(dict.fromkeys([*needs, KNOWN[name]]))


def finding(name: str, *, fix: bool = False) -> Finding:
    """Return what the doctor finds of one line, asked with the lines it needs, as the command asks it."""
    found = {line.name: line.finding for line in examine(with_needs(name), fix=fix)}[name]
    assert "X-Amz" not in found.says + found.paste
    return found


def verdict(name: str) -> Verdict:
    return finding(name).verdict
