"""How Stripe is asked: one client, a common deadline where a person waits, and the vendor's errors turned into ours."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.gateway.turnstile import Full, Turnstile

# Seconds to connect and to read, for one try: patience belongs to the background, and `within` shortens it where a person waits.
PATIENT = (5.0, 30.0)
HASTY = (2.0, 5.0)
# One retry where a person waits, more where nobody does.
RETRIES_IN_HASTE, RETRIES = 1, 3
RATE_LIMIT_TRIES = 5
deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
turnstile = Turnstile()


class GatewayError(Exception):
    """Stripe did not do what was asked. The text holds codes and request ids, never an address, a name or a body."""


class GatewayDown(GatewayError):
    """Stripe cannot be reached, is too slow, limits us, fails, or answers what makes no sense. Trying later may help.

    `failed` says that it answered with a failure of its own (5xx), which it repeats for a day to the same idempotency key.
    """

    def __init__(self, text: str, *, failed: bool = False) -> None:
        super().__init__(text)
        self.failed = failed


class GatewayRefused(GatewayError):
    """Stripe understood and said no. Trying the same again will not help."""


class Gone(GatewayRefused):
    """Stripe knows no such object (`resource_missing`): it was never in this account and mode, or its test data were wiped.

    `param` names what was asked for: "customer", "line_items[0][price]", "id".
    """

    def __init__(self, text: str, *, param: str = "") -> None:
        super().__init__(text)
        self.param = param


class Busy(GatewayDown):
    """Enough threads of this process wait for Stripe already, so nothing was asked: it says nothing about Stripe, nor about the thing."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let everything asked of Stripe inside take `seconds` in all, retries included (a started pause may add one more second).

    Use it wherever somebody waits. Raises Busy where too many of this process's threads are inside already.
    """
    ends = time.monotonic() + seconds
    outer = deadline.get()
    token = deadline.set(ends if outer is None else min(ends, outer))
    try:
        with turnstile.passed():
            yield
    except Full as error:
        raise Busy("too many wait for Stripe already") from error
    finally:
        deadline.reset(token)


def seconds_left() -> float | None:
    ends = deadline.get()
    return None if ends is None else ends - time.monotonic()


class DeadlineClient(stripe.RequestsClient):
    """The SDK's client on `requests`, whose timeout is asked anew for every try."""

    def request(  # type: ignore[override] # Its `_usage` is the SDK's own affair.
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        left = seconds_left()
        if left is not None and left <= 0:
            raise stripe.APIConnectionError("No time is left to ask.", should_retry=False)
        return super().request(method, url, headers, post_data)

    @property
    def _timeout(self) -> tuple[float, float]:
        left = seconds_left()
        if left is None:
            return PATIENT
        return max(min(HASTY[0], left), 0.001), max(min(HASTY[1], left), 0.001)

    @_timeout.setter
    def _timeout(self, value: Any) -> None:
        """The SDK sets a fixed timeout here; ours depends on who waits."""


@lru_cache(maxsize=8)
def _client(key: str, base: str, retries: int) -> stripe.StripeClient:
    addresses: Any = {"api": base} if base else None
    return stripe.StripeClient(key, base_addresses=addresses, max_network_retries=retries, http_client=DeadlineClient())


def v1() -> Any:
    """The SDK's services of API v1. Call them inside `asking()`."""
    retries = RETRIES if deadline.get() is None else RETRIES_IN_HASTE
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, retries).v1


@contextmanager
def asking() -> Iterator[None]:
    """Turn what goes wrong while Stripe is asked, and while its answer is read, into GatewayDown, GatewayRefused or Gone."""
    try:
        yield
    except stripe.StripeError as error:
        raise ours(error) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise GatewayDown(f"Stripe's answer cannot be read: {type(error).__name__}") from error


def ours(error: stripe.StripeError) -> GatewayError:
    text = f"{type(error).__name__} status={error.http_status} code={error.code} request={error.request_id}"
    if error.code == "resource_missing":
        return Gone(text, param=str(getattr(error, "param", None) or ""))
    if error.http_status is not None and error.http_status >= 500:
        return GatewayDown(text, failed=True)
    # 401 and 403 mean our key, not the thing asked for: a new key heals them, so they count as down.
    wait = error.http_status is None or error.http_status in (200, 401, 403, 409, 429)
    return GatewayDown(text) if wait else GatewayRefused(text)


def plain(answer: Any) -> dict[str, Any]:
    """A StripeObject is not a dict and offers no `get`; this is one, all the way down."""
    return dict(answer.to_dict(for_json=True))


def pages(fetch: Callable[[dict[str, Any]], Any], **params: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a list, a hundred a call. Waits out rate limits, but never where a person waits."""
    after: dict[str, str] = {}
    while True:
        page = plain(unhurried(fetch, {"limit": 100, **params, **after}))
        yield from page["data"]
        if not page["has_more"]:
            return
        if after.get("starting_after") == page["data"][-1]["id"]:
            raise ValueError("the list does not go on")
        after = {"starting_after": page["data"][-1]["id"]}


def unhurried(fetch: Callable[[dict[str, Any]], Any], params: dict[str, Any]) -> Any:
    for attempt in range(RATE_LIMIT_TRIES):
        try:
            return fetch(params)
        except stripe.RateLimitError:
            if seconds_left() is not None or attempt == RATE_LIMIT_TRIES - 1:
                raise
            time.sleep(2**attempt)
    raise AssertionError("unreachable")


def in_turn(create: Callable[[], Any]) -> Any:
    """Make something under an idempotency key, and wait while another click's call under the same key is still being answered (409)."""
    while True:
        try:
            return create()
        except stripe.StripeError as error:
            left = seconds_left()
            if error.http_status != 409 or left is None or left < 1:
                raise
            time.sleep(random.uniform(0.1, 0.4))  # noqa: S311 - it spreads clicks, and guards nothing


def moment(seconds: Any) -> datetime | None:
    """Read one of Stripe's times: whole seconds since 1970, or nothing."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def needed(value: datetime | None) -> datetime:
    """Return a time that Stripe always gives. Raises ValueError, which `asking` turns into GatewayDown."""
    if value is None:
        raise ValueError("a time is missing")
    return value


def identifier(value: Any) -> str:
    """Return the id of something that may be expanded, be named by its id, or be missing (an empty string)."""
    return str(value["id"] if isinstance(value, dict) else value or "")
