"""Look at everything the site stands on, and say of each line what is right, what is wrong, and what to paste."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import doctor as accounts
from billing import doctor as billing
from config import doctor as site
from config.checkup import Check, Line, Verdict, examine, is_well
from courses import doctor as courses

CHECKS = (*site.CHECKS, *accounts.CHECKS, *courses.CHECKS, *billing.CHECKS)
MARKS = {Verdict.GOOD: "ok", Verdict.WEAK: "better", Verdict.WRONG: "WRONG", Verdict.UNKNOWN: "?"}


class Command(BaseCommand):
    help = (
        "Look at the settings, the database, the bucket, Stripe, mail and the public site, as they really answer. "
        "What it puts into the bucket it removes again. Ends with 1 when something is wrong."
    )
    # The settings' own errors are a line of this, and no reason to say nothing else.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("only", nargs="*", help="names of checks, or how they begin: bucket stripe.webhook")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
        parser.add_argument("--fix", action="store_true", help="set right what can be set safely, then look again")
        parser.add_argument(
            "--ring", action="store_true", help="let Stripe ring once, by a mark on a product that nobody sees"
        )

    def handle(self, *args: Any, only: list[str], fix: bool, ring: bool, **options: Any) -> None:
        chosen = chosen_from([*CHECKS, *(billing.RINGING if ring else ())], only)
        lines = examine(chosen, fix=fix)
        seen = self.as_json(lines) if options["json"] else self.as_text(lines)
        if not is_well(seen):
            raise CommandError("Not everything is right.", returncode=1)

    def as_json(self, lines: Iterable[Line]) -> list[Line]:
        seen = list(lines)
        told = [
            {"name": line.name, "verdict": line.finding.verdict, "says": line.finding.says, "paste": line.finding.paste}
            | {"fixed": line.finding.fixed}
            for line in seen
        ]
        self.stdout.write(json.dumps({"site": settings.SITE_URL, "ok": is_well(seen), "checks": told}, indent=2))
        return seen

    def as_text(self, lines: Iterable[Line]) -> list[Line]:
        seen = []
        for line in lines:
            self.stdout.write("\n".join(written(line)))
            seen.append(line)
        counts = {verdict: sum(line.finding.verdict is verdict for line in seen) for verdict in Verdict}
        self.stdout.write(
            f"\n{counts[Verdict.GOOD]} right, {counts[Verdict.WRONG]} wrong, {counts[Verdict.WEAK]} could be better, "
            f"{counts[Verdict.UNKNOWN]} cannot be told from here."
        )
        return seen


def written(line: Line) -> Iterator[str]:
    mark = "fixed" if line.finding.fixed else MARKS[line.finding.verdict]
    yield f"{mark:7}{line.name:20}{line.finding.says}"
    if line.finding.paste:
        yield f"{'':27}{line.finding.paste}"


def chosen_from(checks: list[Check], only: list[str]) -> list[Check]:
    """Return the checks that were named, by their names' beginnings, and those they need. Raises CommandError for a name of none."""
    known = {check.name: check for check in checks}
    wanted = {name for name in known if not only or any(name.startswith(start) for start in only)}
    if unmatched := [start for start in only if not any(name.startswith(start) for name in known)]:
        raise CommandError(f"No check is called {unmatched[0]}. There are: {', '.join(known)}.")
    waiting = list(wanted)
    while waiting:
        new = set(known[waiting.pop()].needs) - wanted
        wanted |= new
        waiting += new
    return [check for check in checks if check.name in wanted]
