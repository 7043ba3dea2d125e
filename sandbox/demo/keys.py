"""The demo's keys and passwords: made at the first start, kept in a file only its owner can read."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROLES = ("READER", "WRITER", "KEEPER")
PEOPLE = ("newcomer", "subscriber", "lapsed", "staff")


def token() -> str:
    return secrets.token_hex(20)


def password() -> str:
    """Four groups that can be typed from a screen."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


@dataclass(frozen=True)
class Keys:
    site: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    bucket: dict[str, list[str]] = field(
        default_factory=lambda: {role: [f"DEMO{role}{token()[:8].upper()}", token()] for role in ROLES}
    )
    stripe: str = field(default_factory=lambda: f"sk_test_{token()}")
    webhook: str = field(default_factory=lambda: f"whsec_{token()}")
    passwords: dict[str, str] = field(default_factory=lambda: {person: password() for person in PEOPLE})


def kept(path: Path) -> Keys:
    """Return the keys in this file; make it with new ones where it is missing."""
    if path.exists():
        return Keys(**json.loads(path.read_text()))
    keys = Keys()
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(keys), file, indent=1)
    unfinished.rename(path)
    return keys
