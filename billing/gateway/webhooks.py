"""Stripe's bells: whether one was really rung by Stripe, just now, and for whom. Nothing else in a body is believed."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import stripe

from billing.gateway.client import asking, pages, v1

MAX_BODY = 1024 * 1024
# The version of Stripe's API whose shapes we read: the SDK's own.
API_VERSION = str(stripe.api_version)
TOLERANCE = 300
IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,255}")
EVENT_TYPE = re.compile(r"[a-z0-9_.]{1,255}")
# PostgreSQL stores neither a NUL nor half of a surrogate pair.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SECRET = re.compile(r"whsec_\S{16,}")


class BellRefused(Exception):
    """Stripe did not sign this within the last five minutes, or it cannot be read. The text says which, without a byte of it."""


class BellForged(BellRefused):
    """No secret of ours signed this: somebody else rang, or the secret is not the one that Stripe has."""


class BellMistimed(BellRefused):
    """A secret of ours signed this, more than five minutes off: a clock is wrong, or an old delivery is replayed."""


class BellTooLarge(BellRefused):
    """The body is larger than 1 MiB; no event of Stripe's is."""


@dataclass(frozen=True)
class Bell:
    """What is kept of an event. `object_id` is empty where the object has none; `customer_id` where it names no customer."""

    id: str
    type: str
    object_id: str
    customer_id: str
    account: str
    livemode: bool
    api_version: str
    created_at: datetime


def verify(body: bytes, header: str, *, secrets: Sequence[str]) -> Bell:
    """Return the bell that these signed bytes are, or raise BellRefused or BellTooLarge.

    The time in the signature may lie up to 300 seconds off in either direction: the SDK alone would take a future one.
    Several secrets are tried, so that one can be rotated.
    """
    if len(body) > MAX_BODY:
        raise BellTooLarge("body over 1 MiB")
    late = abs(time.time() - signed_at(header)) > TOLERANCE
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BellRefused("body is not UTF-8") from error
    if not any(is_signed(text, header, secret) for secret in secrets):
        raise BellForged("no signature matches")
    if late:
        raise BellMistimed("signed more than 300 seconds ago or ahead: replayed, or a clock is wrong")
    return bell(parsed(text))


def fetch_undelivered(*, since: datetime) -> Iterator[Bell]:
    """Yield the bells since then (30 days at most) that Stripe could not deliver, newest first. Raises GatewayDown or GatewayRefused."""
    with asking():
        created = {"gte": int(since.timestamp())}
        for event in pages(v1().events.list, delivery_success=False, created=created):
            try:
                yield bell(event)
            except BellRefused:
                continue


def signed_at(header: str) -> int:
    """Return the one time in a Stripe-Signature header, in seconds since 1970."""
    if not header or not header.isascii() or len(header) > 4096:
        raise BellRefused("signature header is missing or malformed")
    times = [part[2:] for part in header.split(",") if part.startswith("t=")]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,15}", times[0]):
        raise BellRefused("signature header names no single time")
    return int(times[0])


def is_signed(text: str, header: str, secret: str) -> bool:
    """Return whether `secret` signed this, whenever that was. An empty or malformed secret signs nothing."""
    if not SECRET.fullmatch(secret):
        return False
    try:
        return bool(stripe.WebhookSignature.verify_header(text, header, secret, tolerance=None))
    except stripe.SignatureVerificationError:
        return False


def parsed(text: str) -> dict[str, Any]:
    try:
        # A byte order mark is legal in front of UTF-8, and what was signed has been compared with it.
        found = json.loads(text.removeprefix("\ufeff"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BellRefused("body is not JSON as Stripe writes it") from error
    if not isinstance(found, dict):
        raise BellRefused("body is not a JSON object")
    if any(UNSTORABLE.search(part) for part in strings(found)):
        raise BellRefused("body holds a character that cannot be stored")
    return found


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def strings(found: Any) -> list[str]:
    """Return every string in parsed JSON, keys included, without recursion."""
    seen, waiting = [], [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            seen.append(value)
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
    return seen


def bell(found: dict[str, Any]) -> Bell:
    data = found.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    identity, kind, created = found.get("id"), found.get("type"), found.get("created")
    if not isinstance(about, dict):
        raise BellRefused("event names no object: thin events are not read, send snapshots")
    if not isinstance(identity, str) or not IDENTIFIER.fullmatch(identity):
        raise BellRefused("event has no id")
    if not isinstance(kind, str) or not EVENT_TYPE.fullmatch(kind):
        raise BellRefused("event has no type")
    # 2**33 seconds lie in the year 2242, and everything up to there can be written as a date.
    if type(created) is not int or not 0 <= created < 2**33:
        raise BellRefused("event has no time")
    return Bell(
        id=identity,
        type=kind,
        object_id=named(about.get("id")),
        customer_id=named(about.get("id") if about.get("object") == "customer" else about.get("customer")),
        account=named(found.get("account")),
        livemode=found.get("livemode") is True,
        api_version=str(found.get("api_version") or "")[:64],
        created_at=datetime.fromtimestamp(created, UTC),
    )


def named(value: Any) -> str:
    """Return the id of an object that is expanded or named, and an empty string for whatever else stands there."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and IDENTIFIER.fullmatch(value) else ""
