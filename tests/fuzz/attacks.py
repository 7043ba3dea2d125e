"""A hostile request, made from a seed alone, and what is held against its answer."""

import gzip
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from django.conf import settings

from tests.fuzz import values
from tests.fuzz.addresses import Door

METHODS = ["GET"] * 5 + ["POST"] * 6 + ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"]
STAFF = {"owner", "editor", "support", "superuser"}
LONGEST = 5.0  # seconds
KEPT_TO_ITSELF = (b"X-Amz-", b"<Error>", b"Traceback (most recent call last)", b"AccessDenied")
BUCKET_IS_NAMED_BY = ("courses:play", "play", "courses_upload_sign", "admin:courses_upload_sign")
# Who works here and looks as a member does is handed what a member is: the player's address, and the way to a file.
LOOKED_AT = re.compile(r"/as/[\w-]+/files/[0-9a-f-]{36}/(play/)?$")


@dataclass
class Attack:
    role: str
    door: Door
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.role} {self.method} {self.path[:300]} {self.headers!r:.500} {self.body!r:.500}"


def made(dice: Random, door: Door, roles: list[str], real: dict[str, list[Any]]) -> Attack:
    staff = [role for role in roles if role in STAFF]
    asking = staff if door.route.startswith("admin/") and staff and dice.random() < 0.8 else roles
    attack = Attack(dice.choice(asking), door, dice.choice(METHODS), door.address(dice, real))
    if dice.random() < 0.4:
        attack.path += "?" + values.pairs(dice, 6)
    if attack.method not in ("GET", "HEAD", "TRACE", "OPTIONS") or dice.random() < 0.05:
        attack.body, attack.headers["Content-Type"] = values.body(dice)
    if dice.random() < 0.35:
        for name in dice.sample(sorted(values.HEADERS), dice.randint(1, 3)):
            attack.headers[name] = dice.choice(values.HEADERS[name])
    if dice.random() < 0.06:
        names = {
            "session": settings.SESSION_COOKIE_NAME,
            "csrf": settings.CSRF_COOKIE_NAME,
            "language": settings.LANGUAGE_COOKIE_NAME,
        }
        attack.headers["Cookie"] = dice.choice(values.COOKIES).format(**names)
    return attack


def filled(dice: Random, page: str, role: str, door: Door, path: str) -> Attack | None:
    """Return the page's own form with some of its fields gone wrong, or None where it has none."""
    forms = Forms()
    forms.feed(page)
    if not forms.found:
        return None
    action, fields = dice.choice(forms.found)
    sent = [(name, dice.choice(known) if known else "") for name, known in fields if name != "csrfmiddlewaretoken"]
    for _ in range(dice.randint(1, 3)):
        if sent:
            place = dice.randrange(len(sent))
            pasted = sent[place][0] == "text" and dice.random() < 0.8
            sent[place] = (sent[place][0], dice.choice(values.PASTED) if pasted else values.word(dice))
    body = urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in sent]).encode()
    target = action if action.startswith("/") and not action.startswith("//") else path
    return Attack(role, door, "POST", target, {"Content-Type": "application/x-www-form-urlencoded"}, body)


class Forms(HTMLParser):
    """The forms of a page that POST: where to, and each field with what it may hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, list[str]]]]] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = given.get("method", "").lower() == "post"
            if self.open:
                self.found.append((given.get("action", ""), []))
        elif self.open and tag in ("input", "textarea", "select", "button") and given.get("name"):
            self.found[-1][1].append((given["name"], [given["value"]] if given.get("value") else []))
        elif self.open and tag == "option" and self.found[-1][1]:
            self.found[-1][1][-1][1].append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = False


def is_looked_at(address: str) -> bool:
    return bool(LOOKED_AT.search(unquote(urlsplit(address).path)))


def plain(answer: Any) -> bytes:
    """Return the bytes of an answer that is no stream, as a browser would read them."""
    return opened(answer.content, answer.headers.get("Content-Encoding", ""))


def opened(body: bytes, encoding: str) -> bytes:
    return gzip.decompress(body) if body and encoding == "gzip" else body


def wrong(attack: Attack, *, status: int, headers: dict[str, str], body: bytes, seconds: float, hosts: set[str]) -> str:
    """Return what is wrong with an answer, or an empty string. `hosts` are those that a redirect may lead to."""
    if status >= 500 and not (status == 503 and attack.path.startswith("/healthz")):
        return f"answered {status}"
    if seconds > LONGEST:
        return f"took {seconds:.1f} s"
    if attack.door.name not in BUCKET_IS_NAMED_BY and not is_looked_at(attack.path):
        for word in KEPT_TO_ITSELF:
            if word in body:
                return f"the body holds {word.decode()}"
    if values.MARKER.encode() in body and "html" in headers.get("content-type", ""):
        return "markup comes back as it went in"
    # With its sign of equality: three letters alone come up in a random key, too.
    if "q7x=" in headers.get("set-cookie", "") or any("\n" in value or "\r" in value for value in headers.values()):
        return "a header was broken into two"
    target = urlsplit(headers.get("location", "")).netloc
    if target and target not in hosts:
        return f"leads to {target}"
    return ""
