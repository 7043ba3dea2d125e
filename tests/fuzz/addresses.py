"""Every address of the site, read from its URLconf, so that a new one is covered by itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.fuzz import values

PLACE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>|\(\?P<(?P<group>\w+)>[^)]*\)")


@dataclass(frozen=True)
class Door:
    """One pattern: its route, and the names that fill it in."""

    name: str
    route: str

    def address(self, dice: Random, real: dict[str, list[Any]]) -> str:
        """Return a path, with rows that are there, or with anything; `real` has values by argument, or by `model.argument`."""

        def fill(found: re.Match[str]) -> str:
            argument = found["name"] or found["group"]
            known = real.get(f"{self.model}.{argument}") or real.get(argument)
            if known and dice.random() < 0.7:
                return values.safe(str(dice.choice(known)))
            if found["kind"] == "int" and dice.random() < 0.7:
                return dice.choice(["0", "1", "2147483648", "9223372036854775808", "9" * 40])
            return values.in_address(dice)

        return "/" + re.sub(r"\\(.)", r"\1", PLACE.sub(fill, self.route))

    @property
    def model(self) -> str:
        """Return the model that an address of the admin is about, or an empty string."""
        parts = self.route.split("/")
        return parts[2] if parts[0] == "admin" and len(parts) > 3 else ""


def doors() -> list[Door]:
    def walk(patterns: list[Any], before: str) -> Iterator[Door]:
        for pattern in patterns:
            route = before + re.sub(r"^\^|\$$", "", str(pattern.pattern))
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield Door(pattern.name or route, route)

    return list(walk(get_resolver().url_patterns, ""))
