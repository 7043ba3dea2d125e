"""Ask what must be true at every moment (I1 to I12). It reads only, and ends with 1 when something is broken."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts import invariants


class Command(BaseCommand):
    help = "Check what must always be true, on a running site: reads only, in small bites. Ends with 1 when something is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        names = [name for name, _says, _ask in invariants.QUESTIONS]
        parser.add_argument(
            "only", nargs="*", choices=[*names, []], metavar="I1", help=f"some of {', '.join(names)}; none: all"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, only: list[str], **options: Any) -> None:
        found = invariants.check(now=timezone.now(), only=only)
        broken = sum(one.count for one in found)
        if options["json"]:
            self.stdout.write(json.dumps({"broken": broken, "invariants": [asdict(one) for one in found]}))
        else:
            for one in found:
                self.stdout.write(
                    f"{'ok    ' if not one.count else 'BROKEN'} {one.name:4}{one.says}"
                    + (f" ({one.count})" if one.count else "")
                )
                for line in one.broken:
                    self.stdout.write(f"         {line}")
        if broken:
            sys.exit(1)
