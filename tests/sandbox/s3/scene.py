"""One engine, one key, and the means to sign for it and to speak to it byte by byte. botocore signs, not we."""

import hashlib
import http.client
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import uuid4

import time_machine
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BODY = b"Chapter one. It was a bright cold day.\n" * 30


@dataclass(frozen=True)
class Engine:
    """A bucket somewhere; `keys` are (access key id, secret) by identity."""

    name: str
    endpoint: str
    bucket: str
    region: str
    keys: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        found = re.search(rb"<Code>(\w+)</Code>", self.body)
        return found[1].decode() if found else ""

    @property
    def line(self) -> str:
        return f"{self.status} {self.code}".strip()

    def text(self, name: str) -> str:
        """The text of the first XML element of that name."""
        found = re.search(rf"<{name}>(.*?)</{name}>", self.body.decode())
        return found[1].replace("&#34;", '"').replace("&quot;", '"') if found else ""

    def texts(self, name: str) -> list[str]:
        return re.findall(rf"<{name}>(.*?)</{name}>", self.body.decode())


@dataclass
class Scene:
    engine: Engine
    key: str = field(default_factory=lambda: f"content/{uuid4().hex}")

    def url(self, key: str | None = None, **query: str) -> str:
        path = quote(f"/{self.engine.bucket}/{self.key if key is None else key}", safe="/-_.~")
        return self.engine.endpoint + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")

    def presign(
        self,
        method: str,
        *,
        who: str = "reader",
        key: str | None = None,
        address: str = "",
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        expires: int = 60,
        age: float = 0,
        region: str = "",
        service: str = "s3",
        pair: tuple[str, str] | None = None,
        token: str | None = None,
    ) -> str:
        """A presigned URL of the key, or of a whole address, signed `age` seconds ago (negative: ahead)."""
        credentials = Credentials(*(pair or self.engine.keys[who]), token)
        request = AWSRequest(method, address or self.url(key), params=query or {}, headers=headers or {})
        signer = S3SigV4QueryAuth(credentials, service, region or self.engine.region, expires=expires)
        with time_machine.travel(datetime.now(UTC) - timedelta(seconds=age), tick=False):
            signer.add_auth(request)
        return str(request.prepare().url)

    def signed(
        self,
        method: str,
        url: str,
        *,
        who: str = "keeper",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        age: float = 0,
        pair: tuple[str, str] | None = None,
        payload: str = "",
    ) -> dict[str, str]:
        """The headers of a request signed in its Authorization header; `payload` overrides the body's own hash."""
        request = AWSRequest(method, url, data=body, headers=headers or {})
        signer = PayloadAuth(Credentials(*(pair or self.engine.keys[who])), "s3", self.engine.region)
        signer.chosen = payload
        with time_machine.travel(datetime.now(UTC) - timedelta(seconds=age), tick=False):
            signer.add_auth(request)
        return dict(request.headers.items())

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        length: int | None = None,
    ) -> Reply:
        """Send exactly this. `length` is announced instead of the body's own; -1 announces none."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {"Host": parts.netloc, **(headers or {})}
        if length != -1 and (body or length is not None or method in {"PUT", "POST"}):
            sent.setdefault("Content-Length", str(len(body) if length is None else length))
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        try:
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, **options: object) -> Reply:
        return self.send("GET", self.presign("GET", **options))  # type: ignore[arg-type]

    def call(
        self, method: str, url: str, *, who: str = "keeper", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """One request signed in its header, as the site's own calls are."""
        return self.send(method, url, headers=self.signed(method, url, who=who, headers=headers, body=body), body=body)

    def put(self, body: bytes = BODY, *, key: str | None = None, headers: dict[str, str] | None = None) -> Reply:
        reply = self.call("PUT", self.url(key), who="writer", headers=headers, body=body)
        assert reply.status == 200, reply
        return reply

    def stored(self, key: str | None = None) -> bytes | None:
        """The object's bytes as the keeper sees them, or None."""
        reply = self.call("GET", self.url(key))
        return reply.body if reply.status == 200 else None


class PayloadAuth(S3SigV4Auth):
    """botocore's signer, with the payload hash chosen by the test."""

    chosen = ""

    def payload(self, request: AWSRequest) -> str:
        return self.chosen or super().payload(request)

    def _should_sha256_sign_payload(self, request: AWSRequest) -> bool:
        return True


def md5(data: bytes) -> "hashlib._Hash":
    """S3 calls it Content-MD5 and ETag; nothing is kept safe by it."""
    return hashlib.md5(data, usedforsecurity=False)


def edited(url: str, name: str, value: str | None) -> str:
    """The URL with one query parameter changed, or taken out for None, or added."""
    head, _, query = url.partition("?")
    pairs = [(item, value if item == name else old) for item, old in parse_qsl(query, keep_blank_values=True)]
    if value is not None and name not in {item for item, _ in pairs}:
        pairs.append((name, value))
    return f"{head}?{urlencode([(item, text) for item, text in pairs if text is not None], quote_via=quote)}"


def parameter(url: str, name: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))[name]


Act = Callable[[Scene], Reply]


@dataclass(frozen=True)
class Case:
    """What a bucket must answer: status, and S3's code of a refusal. Where juicefs rightly differs, `why` says so."""

    name: str
    act: Act
    expected: str
    juicefs: str
    why: str

    def answer_of(self, engine: Engine) -> str:
        return self.juicefs if engine.name == "juicefs" else self.expected


class Cases(list[Case]):
    """A module's cases, collected by decorator; a case's name is its function's."""

    def __call__(self, expected: str, *, juicefs: str = "", why: str = "") -> Callable[[Act], Act]:
        assert bool(juicefs) == bool(why), "a difference needs its reason, and a reason a difference"

        def add(act: Act) -> Act:
            self.append(Case(getattr(act, "__name__", "").replace("_", " "), act, expected, juicefs or expected, why))
            return act

        return add
