"""What is read of a bell, to the last value at every edge: pure, so that each is tried in a millisecond."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from billing import gateway
from billing.gateway import Bell, BellForged, BellMistimed, BellRefused, BellTooLarge
from billing.gateway.webhooks import is_signed, signed_at
from tests.billing.till import event, signed

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MIB = 1024 * 1024
OTHER = "whsec_another0123456789abcdef"


@pytest.fixture(autouse=True)
def _noon(time_machine: Any) -> None:
    time_machine.move_to(NOON, tick=False)


def verified(body: bytes, header: str | None = None, *, secrets: Any = None) -> Bell:
    known = settings.STRIPE_WEBHOOK_SECRETS if secrets is None else secrets
    return gateway.verify(body, signed(body) if header is None else header, secrets=known)


def read(**fields: Any) -> Bell:
    return verified(json.dumps(event() | fields).encode())


def about(**fields: Any) -> Bell:
    return read(data={"object": fields})


# --- What is kept -----------------------------------------------------------------------------


def test_bell_is_kept_whole() -> None:
    found = read(
        id="evt_9",
        type="invoice.paid",
        created=86_400,
        data={"object": {"id": "in_1", "customer": "cus_1"}},
        account=None,
    )
    assert found == Bell(
        id="evt_9",
        type="invoice.paid",
        object_id="in_1",
        customer_id="cus_1",
        account="",
        livemode=False,
        api_version="2026-10-28.endive",
        created_at=datetime(1970, 1, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"id": "in_1", "object": "invoice", "customer": "cus_1"}, ("in_1", "cus_1")),
        ({"id": "in_1", "object": "invoice", "customer": {"id": "cus_1", "object": "customer"}}, ("in_1", "cus_1")),
        ({"id": "cus_1", "object": "customer"}, ("cus_1", "cus_1")),
        ({"id": "cus_1", "object": "customer", "customer": "cus_2"}, ("cus_1", "cus_1")),
        ({"id": "in_1", "object": "invoice"}, ("in_1", "")),
        ({"id": "in_1", "object": "invoice", "customer": None}, ("in_1", "")),
        ({"id": "in_1", "object": "invoice", "customer": {}}, ("in_1", "")),
        ({"id": "in_1", "object": "invoice", "customer": 7}, ("in_1", "")),
        ({"id": "in_1", "object": "invoice", "customer": ["cus_1"]}, ("in_1", "")),
        ({"id": "in_1", "object": "invoice", "customer": "cus_1/../x"}, ("in_1", "")),
        ({"id": "in_1", "object": "invoice", "customer": "cus_1\n"}, ("in_1", "")),
        ({"object": "balance"}, ("", "")),
    ],
)
def test_bell_names_what_it_is_about_and_whose(fields: dict[str, Any], names: tuple[str, str]) -> None:
    found = about(**fields)
    assert (found.object_id, found.customer_id) == names


@pytest.mark.parametrize(("said", "live"), [(True, True), (False, False), ("true", False), (1, False), (None, False)])
def test_only_true_is_the_live_mode_w100(said: Any, live: bool) -> None:
    assert read(livemode=said).livemode is live


def test_account_is_named_w101() -> None:
    assert read(account="acct_1").account == "acct_1"


@pytest.mark.parametrize(("said", "kept"), [(None, ""), ("2020-08-27", "2020-08-27"), ("x" * 65, "x" * 64), (7, "7")])
def test_version_is_kept_as_far_as_it_fits(said: Any, kept: str) -> None:
    assert read(api_version=said).api_version == kept


def test_version_may_be_missing() -> None:
    without = {name: value for name, value in event().items() if name != "api_version"}
    assert verified(json.dumps(without).encode()).api_version == ""


# --- What is refused, and the class and words of it -------------------------------------------


@pytest.mark.parametrize("created", [0, 1, 2**33 - 1])
def test_time_of_an_event_may_lie_up_to_2242(created: int) -> None:
    assert read(created=created).created_at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=created)


@pytest.mark.parametrize("created", [-1, 2**33, True, 1.5, "1", None])
def test_event_without_a_time_is_refused(created: Any) -> None:
    with pytest.raises(BellRefused, match="no time"):
        read(created=created)


@pytest.mark.parametrize("name", ["e", "e" * 255, "evt_AZaz09"])
def test_id_of_an_event_is_short_and_plain(name: str) -> None:
    assert read(id=name).id == name


@pytest.mark.parametrize("name", ["", "e" * 256, "evt_1\n", "evt-1", "é", None, 7, ["evt_1"], {"id": "evt_1"}])
def test_event_without_an_id_is_refused_w92(name: Any) -> None:
    with pytest.raises(BellRefused, match="no id"):
        read(id=name)


@pytest.mark.parametrize("kind", ["a", "a" * 255, "v1.customer_2.updated"])
def test_type_of_an_event_is_short_and_plain(kind: str) -> None:
    assert read(type=kind).type == kind


@pytest.mark.parametrize("kind", ["", "a" * 256, "a\n", "A", "a-b", None, 7, ["a"]])
def test_event_without_a_type_is_refused(kind: Any) -> None:
    with pytest.raises(BellRefused, match="no type"):
        read(type=kind)


@pytest.mark.parametrize("data", [None, [], "x", {}, {"object": None}, {"object": "cus_1"}, {"object": []}])
def test_event_about_no_object_is_refused_w93(data: Any) -> None:
    with pytest.raises(BellRefused, match="names no object"):
        read(data=data)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"7", b"true"])
def test_json_that_is_no_object_is_refused_w91(body: bytes) -> None:
    with pytest.raises(BellRefused, match="not a JSON object"):
        verified(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b"[" * 100_000, b'{"a": ' + b"1" * 5000 + b"}"],
)
def test_what_is_no_json_of_stripe_is_refused_w94(body: bytes) -> None:
    with pytest.raises(BellRefused, match="not JSON as Stripe writes it"):
        verified(body)


def test_body_that_is_not_utf_8_is_refused_w90() -> None:
    with pytest.raises(BellRefused, match="not UTF-8"):
        verified(b'{"id": "\xff"}')


@pytest.mark.parametrize(
    "where",
    [
        lambda bad: {"x": bad},
        lambda bad: {bad: 1},
        lambda bad: {"x": [1, [bad]]},
        lambda bad: {"x": [{"y": {bad: None}}]},
        lambda bad: {"x": {"y": ["fine", bad], "z": 1}},
    ],
)
@pytest.mark.parametrize("bad", ["\0", "a\0b", chr(0xD800), chr(0xDFFF), chr(0xDC00) + chr(0xD800)])
def test_character_that_no_database_keeps_is_refused_wherever_it_stands_w96_w97(where: Any, bad: str) -> None:
    with pytest.raises(BellRefused, match="cannot be stored"):
        read(**where(bad))


@pytest.mark.parametrize("good", ["\x01", "\ud7ff", "\ue000", "🌊", "\uffff"])
def test_neighbours_of_those_characters_are_taken(good: str) -> None:
    assert read(x={good: [good]}).id == "evt_1"


# --- Signatures -------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-300, -1, 0, 1, 300])
def test_signature_of_the_last_five_minutes_is_taken(offset: int) -> None:
    body = json.dumps(event()).encode()
    assert verified(body, signed(body, at=NOON.timestamp() + offset)).id == "evt_1"


@pytest.mark.parametrize("offset", [-301, 301, -86_400, 86_400])
def test_signature_of_another_time_is_told_from_a_forgery_w86_w87(offset: int) -> None:
    body = json.dumps(event()).encode()
    with pytest.raises(BellMistimed):
        verified(body, signed(body, at=NOON.timestamp() + offset))
    with pytest.raises(BellForged):
        verified(body, signed(body, at=NOON.timestamp() + offset, secret=OTHER))


def test_body_of_one_mebibyte_is_taken_and_a_byte_more_is_not_w89() -> None:
    body = json.dumps(event()).encode().ljust(MIB)
    assert len(body) == MIB == gateway.MAX_BODY
    assert verified(body).id == "evt_1"
    with pytest.raises(BellTooLarge):
        verified(body + b" ")


@pytest.mark.parametrize("header", ["", "é", "t=1," * 2000, f"t=1{' ' * 4094}"])
def test_header_that_is_missing_or_malformed_is_refused_w76_w77(header: str) -> None:
    with pytest.raises(BellRefused, match="missing or malformed"):
        signed_at(header)


@pytest.mark.parametrize(
    "header",
    [
        "garbage",
        "v1=00",
        "t=",
        "t=1,t=2",
        "t=1,t=1",
        "t=+1",
        "t=-1",
        "t= 1",
        "t=1.0",
        "t=1\n",
        f"t={10**15}",
        "t=٣",
        "T=1",
    ],
)
def test_header_without_a_single_time_is_refused_w80_w81_w82(header: str) -> None:
    with pytest.raises(BellRefused, match="no single time" if header.isascii() else "malformed"):
        signed_at(header)


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("t=0", 0),
        ("t=12,v1=00", 12),
        ("v1=00,t=12", 12),
        (f"t={10**15 - 1}", 10**15 - 1),
        ("t=7,v0=".ljust(4096, "0"), 7),
    ],
)
def test_time_of_a_header_is_read_wherever_it_stands(header: str, moment: int) -> None:
    assert signed_at(header) == moment


@pytest.mark.parametrize(
    ("secret", "taken"),
    [
        ("whsec_" + "x" * 16, True),
        ("whsec_" + "x" * 15, False),
        ("whsec_", False),
        ("", False),
        ("xxwhsec_" + "x" * 16, False),
        ("whsec_" + "x" * 8 + " " + "x" * 8, False),
        ("whsec_" + "x" * 16 + "\n", False),
    ],
)
def test_secret_that_is_none_signs_nothing_w85(secret: str, taken: bool) -> None:
    header = signed(b"{}", secret=secret or "x")
    assert is_signed("{}", header, secret) is taken
    assert is_signed("{ }", header, secret) is False


def test_one_of_several_secrets_is_enough_and_none_is_not_w88() -> None:
    body = json.dumps(event()).encode()
    header = signed(body, secret=OTHER)
    for secrets in ([OTHER], [*settings.STRIPE_WEBHOOK_SECRETS, OTHER], [OTHER, *settings.STRIPE_WEBHOOK_SECRETS]):
        assert verified(body, header, secrets=secrets).id == "evt_1"
    for secrets in ([], settings.STRIPE_WEBHOOK_SECRETS):
        with pytest.raises(BellForged):
            verified(body, header, secrets=secrets)
