"""Say why a person can or cannot open something: the decision that a click would get, step by step."""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing.reasons import moment
from courses.why import Chain, chain, find

NOBODY = "nobody"


class Command(BaseCommand):
    help = "Say why a person can or cannot open a title, a lesson or a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose click it would be; “nobody” for a visitor")
        parser.add_argument("item", help="a title's slug, course-slug/lesson-slug, or a file's UUID")
        parser.add_argument("--at", help="a moment such as 2026-01-31T09:00; the rows are those of now")

    def handle(self, *args: Any, email: str, item: str, at: str | None, **options: Any) -> None:
        person = None
        if email != NOBODY:
            person = get_user_model()._default_manager.filter(email__iexact=email).first()
            if person is None:
                raise CommandError("Nobody has this address.")
        found = find(item)
        if found is None:
            raise CommandError("There is no such title, lesson or file.")
        now = parsed(at) if at else timezone.now()
        self.stdout.write("\n".join(lines(chain(person, found, now=now))))


def parsed(text: str) -> datetime:
    """Read an ISO time, in the site's own zone where it names none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError("--at wants a moment such as 2026-01-31T09:00.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def lines(told: Chain) -> list[str]:
    """Return the explanation as lines of text."""
    out = [told.sentence, ""]
    for step in told.steps:
        if step.yes is None:
            out.append(f"   -   {step.question}")
        else:
            out.append(f"  {mark(step.yes)}  {step.question} {step.detail}")
    for way, opens in told.ways:
        out += ["", f"  {way.name} ({way.products or '—'}): {'opens it' if opens else 'does not open it'}"]
        out += [f"    {mark(one.yes)}  {one.question} {one.detail}" for one in way.answers]
        if way.changes_at:
            out.append(f"         this changes {moment(way.changes_at)}")
    return [*out, "", *told.cures] if told.cures else out


def mark(yes: bool) -> str:
    return "yes" if yes else "NO "
