"""Say whose a link is: a signed URL, an XML error, a line of the access log, or an id."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from courses import tracing
from courses.tracing import Finding, clock


class Command(BaseCommand):
    help = "Say who got a link, for what, when and from where; whether it still works, and why not. “-” reads standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "text",
            help="a signed URL, a pasted XML error, a line of the access log, a trace or request id; - for stdin",
        )

    def handle(self, *args: Any, text: str, **options: Any) -> None:
        pasted = sys.stdin.read(100_000) if text == "-" else text
        found = tracing.trace(pasted, now=timezone.now())
        self.stdout.write("\n".join(lines(found)))
        if not found.download and not found.file:
            sys.exit(1)


def lines(found: Finding) -> list[str]:
    out = []
    if found.download:
        row, file = found.download, found.download.version.file
        out += [
            f"Who:    {tracing.find_person(found) or 'nobody signed in, or an account that was deleted'}",
            f"What:   {file.publication}: {file}, version {row.version_id} ({row.purpose})",
            f"When:   {clock(row.created_at)}, good until {clock(row.expires_at)}",
            f"From:   {', '.join(filter(None, [row.address, row.agent])) or 'not kept'}",
            f"Works:  {'yes' if found.works else 'no'}",
        ]
    elif found.file:
        out.append(f"What:   {found.file.publication}: {found.file}")
    out += [f"        {words}" for words in [*found.reasons, *found.notes]]
    out += [f"Had it: {clock(one.created_at)} {one.user or 'nobody signed in'}" for one in found.others]
    if found.download:
        out.append(
            f"Fetched: {len(found.fetches)} times from {found.addresses} addresses, as the log says"
            if found.fetches
            else "Fetched: the log says nothing"
        )
    for one in found.fetches:
        part = " (a part)" if one.partial else ""
        out.append(
            f"        {clock(one.at)} {one.address or '-'} {one.status} {one.code or ''} {one.sent} of {one.size} bytes{part}"
        )
    if found.file:
        out.append(f"Fresh:  {found.permalink}")
    return out
