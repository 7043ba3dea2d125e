"""What `manage.py doctor` asks. Each app declares its own checks; they run in order, and each answers with one finding. It knows no app.

    CHECKS = [
        Check("bucket.reached", is_reached),
        Check("bucket.cors", is_open_to_the_site_alone, needs=("bucket.reached",), fix=open_to_the_site_alone),
    ]

A check looks at the world outside and never raises: what it cannot find out is UNKNOWN, with what to look at by hand. No sentence of a
finding holds a secret, a signed address or a person's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings


class Verdict(StrEnum):
    GOOD = "good"
    WEAK = "weak"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """What is so, and the very thing to paste or to look at; `fixed` when it was wrong until a moment ago."""

    verdict: Verdict
    says: str
    paste: str = ""
    fixed: bool = False


@dataclass(frozen=True)
class Check:
    """`needs` names the checks without which this one makes no sense; `fix` sets right what may be set safely, or raises."""

    name: str
    ask: Callable[[], Finding]
    needs: tuple[str, ...] = ()
    fix: Callable[[], None] | None = None


@dataclass(frozen=True)
class Line:
    name: str
    finding: Finding


def good(says: str) -> Finding:
    return Finding(Verdict.GOOD, says)


def weak(says: str, paste: str) -> Finding:
    """It works, and there is a better way that most owners will want."""
    return Finding(Verdict.WEAK, says, paste)


def wrong(says: str, paste: str) -> Finding:
    return Finding(Verdict.WRONG, says, paste)


def unknown(says: str, by_hand: str = "") -> Finding:
    return Finding(Verdict.UNKNOWN, says, by_hand)


def examine(checks: Iterable[Check], *, fix: bool = False) -> Iterator[Line]:
    """Run the checks in order and yield a line for each; with `fix`, set right what can be, and look again."""
    causes: dict[str, str] = {}  # What is not looked at, by the line that is wrong.
    for check in checks:
        cause = next((causes[name] for name in check.needs if name in causes), "")
        finding = unknown(f"not looked at: {cause} comes first") if cause else answered(check, fix=fix)
        if cause or finding.verdict is Verdict.WRONG:
            causes[check.name] = cause or check.name
        yield Line(check.name, finding)


def answered(check: Check, *, fix: bool) -> Finding:
    finding = asked(check)
    if not fix or check.fix is None or finding.verdict not in (Verdict.WRONG, Verdict.WEAK):
        return finding
    try:
        check.fix()
    except Exception as error:  # noqa: BLE001 - the finding that could not be fixed says all there is to do
        return replace(finding, says=f"{finding.says} (It could not be set from here: {reason(error)}.)")
    again = asked(check)
    return replace(again, fixed=again.verdict is Verdict.GOOD)


def asked(check: Check) -> Finding:
    try:
        return check.ask()
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide the others
        return wrong(f"this check broke: {type(error).__name__}", "Please report it, with your kind of bucket.")


def is_local() -> bool:
    """Return whether SITE_URL is one that only this machine can open: a try-out, from which less is asked."""
    return urlsplit(settings.SITE_URL).hostname in ("127.0.0.1", "localhost", "::1")


def reason(error: Exception) -> str:
    """Return an error's code where it has one, else its kind: never its text, which may hold an address."""
    return str(getattr(error, "code", "") or type(error).__name__)


def is_well(lines: Iterable[Line]) -> bool:
    return all(line.finding.verdict is not Verdict.WRONG for line in lines)
