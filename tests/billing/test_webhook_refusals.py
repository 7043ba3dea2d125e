"""What the webhook refuses, each with a really signed body where a signature is not what is wrong; nothing is ever stored."""

import gc
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import stripe as sdk
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from billing import gateway, refusals
from billing.models import Customer, WebhookEvent
from tests.billing.till import WEBHOOK, deliver, event, ring, signed
from tests.effort import tries
from tests.visits import Visit

pytestmark = pytest.mark.django_db
GOOD = json.dumps(event()).encode()
OTHER = "whsec_another0123456789abcdef"


def now_with(offset: int) -> str:
    return signed(GOOD, at=time.time() + offset)


def value(header: str) -> str:
    return header.partition("v1=")[2]


@pytest.fixture(autouse=True)
def _nothing_is_stored() -> Any:
    yield
    assert not WebhookEvent.objects.exists()
    assert not Customer.objects.exists()


HEADERS: dict[str, Any] = {
    "W76 no header": lambda: None,
    "W77 empty header": lambda: "",
    "W78 garbage": lambda: "garbage",
    "W79 v0 alone": lambda: signed(GOOD, scheme="v0"),
    "W80 two times": lambda: f"t={int(time.time())},{signed(GOOD)}",
    "W80 two times, the second old": lambda: f"{signed(GOOD)},t=1",
    "W81 time no number": lambda: f"t=soon,v1={value(signed(GOOD))}",
    "W81 time with a sign": lambda: signed(GOOD).replace("t=", "t=+"),
    "W81 time in Arabic digits": lambda: "t=٣,v1=00",
    "W82 time 2**63": lambda: f"t={2**63},v1={value(signed(GOOD))}",
    "W83 wrong secret": lambda: signed(GOOD, secret=OTHER),
    "W84 body changed by a byte": lambda: signed(GOOD.replace(b"evt_1", b"evt_2")),
    "W86 old by 301 s": lambda: now_with(-301),
    "W87 ahead by 301 s": lambda: now_with(301),
    "W87 ten years ahead": lambda: now_with(10 * 365 * 86400),
    "signature not ASCII": lambda: f"t={int(time.time())},v1=é",
    "header of 100 kB": lambda: signed(GOOD) + ",v1=0" * 20_000,
}


@pytest.fixture
def at(knock: Callable[..., Visit], now: datetime, time_machine: Any) -> Callable[..., Visit]:
    """Knock at the webhook, at a moment that stands still."""
    time_machine.move_to(now, tick=False)

    def act(body: bytes, header: str | None) -> Visit:
        headers = {} if header is None else {"Stripe-Signature": header}
        return knock(Client(), "post", WEBHOOK, body, content_type="application/json", headers=headers)

    return act


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_stranger_with_a_bad_signature_is_refused(header: Any, at: Callable[..., Visit]) -> None:
    at(GOOD, header()).refused(400)


BODIES = {
    "W90 not UTF-8": b'{"id": "\xff"}',
    "W91 list": b"[]",
    "W91 null": b"null",
    "W91 string": b'"x"',
    "W92 no id": json.dumps(event() | {"id": None}).encode(),
    "W92 id of another kind": json.dumps(event() | {"id": ["evt_1"]}).encode(),
    "W92 id with markup": json.dumps(event() | {"id": "<b>"}).encode(),
    "no type": json.dumps(event() | {"type": 7}).encode(),
    "no time": json.dumps(event() | {"created": None}).encode(),
    "a time beyond all calendars": json.dumps(event() | {"created": 10**30}).encode(),
    "W93 no data": json.dumps(event() | {"data": None}).encode(),
    "W93 no object": json.dumps(event() | {"data": {"object": "cus_1"}}).encode(),
    "W94 NaN": json.dumps(event(extra=float("nan"))).encode(),
    "W94 Infinity": json.dumps(event(extra=float("inf"))).encode(),
    "W95 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "W95 deep inside an object": b'{"id": "evt_1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "W96 NUL": json.dumps(event(data={"object": {"id": "cus_1", "name": "a\0b"}})).encode(),
    "W97 lone surrogate": json.dumps(event(data={"object": {"id": "cus_1", "name": "\ud800"}})).encode(),
    "W99 thin event": json.dumps({"id": "evt_1", "object": "v2.core.event", "type": "v1.customer.updated"}).encode(),
    "empty": b"",
    "number of 5,000 digits": b'{"id": ' + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_signed_body_that_is_no_event_is_refused(body: bytes, at: Callable[..., Visit]) -> None:
    at(body, signed(body)).refused(400)


def test_signed_body_over_one_mebibyte_is_refused_w89(at: Callable[..., Visit]) -> None:
    body = json.dumps(event(padding="x" * 1024 * 1024)).encode()
    at(body, signed(body)).refused(413)


def test_body_far_over_the_limit_is_refused_unread_w89(at: Callable[..., Visit]) -> None:
    at(b"x" * (3 * 1024 * 1024), "t=1,v1=0").refused(413)


@pytest.mark.parametrize("secret", ["", " ", "whsec_", "whsec_short", "sk_test_0123456789abcdef"])
def test_endpoint_with_a_malformed_secret_takes_nothing_w85(
    settings: Any, secret: str, at: Callable[..., Visit]
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [secret]
    at(GOOD, signed(GOOD, secret=secret or "x")).refused(400)


def test_endpoint_without_a_secret_takes_nothing_w85(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    assert deliver(GOOD, signed(GOOD, secret=OTHER)).status_code == 400


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_taken_w112(method: str, knock: Callable[..., Visit]) -> None:
    visit = knock(Client(), method, WEBHOOK).refused(405)
    assert visit.response.headers["Allow"] == "POST"


def test_every_flipped_bit_of_a_signature_is_refused() -> None:
    header = signed(GOOD)
    start = header.index("v1=") + 3
    for position in range(start, len(header)):
        changed = "0" if header[position] != "0" else "1"
        assert deliver(GOOD, header[:position] + changed + header[position + 1 :]).status_code == 400


def test_changed_signatures_and_bodies_are_refused_t21() -> None:
    """A bit of the signature or of the body, another secret, another scheme, another time: whatever was changed, by chance."""
    dice = random.Random(21)
    for _ in range(tries(100, 1000)):
        header, body = signed(GOOD), bytearray(GOOD)
        time_said = header[2 : header.index(",")]
        match dice.randrange(5):
            case 0:
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
            case 1:
                digits = bytearray.fromhex(value(header))
                digits[dice.randrange(32)] ^= 1 << dice.randrange(8)
                header = f"t={time_said},v1={digits.hex()}"
            case 2:
                header = signed(GOOD, secret=f"whsec_{dice.randbytes(16).hex()}")
            case 3:
                header = header.replace("v1=", dice.choice(["v0=", "v2=", "V1=", "v1 =", "v11="]))
            case 4:
                header = header.replace(time_said, str(int(time_said) + dice.choice([-200, -1, 1, 200])))
        assert deliver(bytes(body), header).status_code == 400, (header, body)


def test_sdk_alone_would_have_taken_the_future(settings: Any) -> None:
    """Shows why the time is checked by us: this is the SDK's own verification of a bell signed a day ahead."""
    secret = settings.STRIPE_WEBHOOK_SECRETS[0]
    header = signed(GOOD, at=time.time() + 86400)
    assert sdk.WebhookSignature.verify_header(GOOD, header, secret, 300)
    assert deliver(GOOD, header).status_code == 400


# --- What is said of it, and counted ----------------------------------------------------------


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask which refusals were counted for the owner."""
    monkeypatch.setattr(refusals, "notebook", refusals.Notebook())
    return lambda: [str(one.reason) for one in refusals.lately(now=timezone.now())]


def declared(length: str, body: bytes = GOOD) -> int:
    """Deliver a body with this Content-Length, whatever its own is."""
    headers = {"Stripe-Signature": signed(body)}
    answer = Client().post(WEBHOOK, body, content_type="application/json", headers=headers, CONTENT_LENGTH=length)
    return answer.status_code


def test_length_that_is_declared_is_believed_before_a_byte_is_read_w89(counted: Any, caplog: Any) -> None:
    assert declared(str(gateway.MAX_BODY + 1)) == 413
    assert declared("") == 400
    assert "webhook refused: body over 1 MiB" in caplog.messages
    assert [one.levelname for one in caplog.records if one.name == "billing.views.webhook"] == ["WARNING"] * 2
    assert counted() == ["forged"]


def test_body_of_one_mebibyte_is_read_w89(caplog: Any) -> None:
    assert deliver(b" " * gateway.MAX_BODY, signed(b" " * gateway.MAX_BODY)).status_code == 400
    assert "webhook refused: body is not JSON as Stripe writes it" in caplog.messages
    assert deliver(b" " * (gateway.MAX_BODY + 1), "t=1").status_code == 413


def test_noise_is_no_sign_of_a_wrong_secret_or_clock(counted: Any, caplog: Any) -> None:
    for body, header in ((GOOD, None), (GOOD, "garbage"), (b"[]", signed(b"[]")), (b"\xff", signed(b"\xff"))):
        assert deliver(body, header).status_code == 400
    assert counted() == []
    assert [one.getMessage() for one in caplog.records if one.name == "billing.views.webhook"] == [
        "webhook refused: signature header is missing or malformed",
        "webhook refused: signature header names no single time",
        "webhook refused: body is not a JSON object",
        "webhook refused: body is not UTF-8",
    ]


def test_event_of_the_other_mode_or_account_is_an_error_in_the_log_w100_w101(
    settings: Any, counted: Any, caplog: Any
) -> None:
    assert ring(event(livemode=True)).status_code == 400
    assert ring(event(account="acct_1")).status_code == 200
    settings.STRIPE_LIVEMODE = True
    assert ring(event(livemode=False)).status_code == 400
    told = [(one.levelname, one.getMessage()) for one in caplog.records if one.name == "billing.views.webhook"]
    assert told == [
        ("ERROR", "webhook refused: livemode=True does not fit our key event=evt_1"),
        ("ERROR", "webhook ignored: another account's event=evt_1 account=acct_1"),
        ("ERROR", "webhook refused: livemode=False does not fit our key event=evt_1"),
    ]
    assert sorted(counted()) == ["account", "mode"]


class Flood:
    """A body as a server hands it over: bytes that exist only while they are read."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return b"x" * size


def test_bodies_that_nobody_signed_are_not_held_until_the_garbage_collector_comes_t24() -> None:
    """Thirty bodies of a MiB leave no more behind than a few requests do."""
    site = get_wsgi_application()

    def ring() -> None:
        head = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/stripe/webhook/",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
        }
        head |= {"HTTP_STRIPE_SIGNATURE": f"t={int(time.time())},v1={'0' * 64}", "CONTENT_LENGTH": str(2**20)}
        answer: Any = site(head | {"wsgi.input": Flood(2**20), "wsgi.url_scheme": "http"}, lambda *_: None)
        assert answer.status_code == 400

    # As the test client does: the connection is the test's own.
    request_started.disconnect(close_old_connections)
    ring()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(30):
            ring()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
        request_started.connect(close_old_connections)
    assert held < 5 * 2**20
