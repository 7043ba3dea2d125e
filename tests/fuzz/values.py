"""What hostile requests are made of. A value is as it stands in a URL, percent-encoded where it has to be."""

import json
from random import Random
from urllib.parse import quote

# If a page ever holds this as it came, a stranger could have written markup into it.
MARKER = "<q7x>"
ELSEWHERE = "evil.example"

WORDS = [
    "", " ", "0", "1", "-1", "2", "00", "1.5", "1e999", "NaN", "Infinity", "null", "None", "true", "[]", "{}", "on", "all",
    "9" * 18, "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 40, "2147483648",
    "00000000-0000-4000-8000-000000000000", "not-a-uuid", "a" * 300, "a" * 5000, "\0", "a\0b", "\x1b[2J", "\r\nSet-Cookie: q7x=1",
    "../../etc/passwd", "..\\..\\x", "%2e%2e%2f", "/", "//" + ELSEWHERE, "https://" + ELSEWHERE + "/", "@" + ELSEWHERE, "/\\" + ELSEWHERE,
    "javascript:alert(1)", MARKER, f'">{MARKER}', f"';{MARKER}", "{{7*7}}", "${7*7}", "{% debug %}", "%s%s%n", "'; DROP TABLE x; --",
    "' OR 1=1 --", "\\", "潮の本", "🌊" * 40, "\u202efdp.exe", "\ufeff", "\u2028", "ß", "İ", "ﬁ", "a\u0301" * 30, "١٢٣", "²", "½",
    "2026-02-30", "9999-12-31T23:59:59Z", "10000-01-01", "0000-00-00", "12:99", "+14:00", "a@b", "a@example.com\nBcc: b@example.com",
    "nadia@example.com", "xn--", "example.com", "\ud800", "\udcff", "__proto__", "constructor", "a[b][c]", "id__in=1", "_password",
    "*", "?", "#", "&=",
]  # fmt: skip
RAW = [
    "%00",
    "%c0%af",
    "%ff",
    "%",
    "%zz",
    "..%2f",
    "%2f%2f",
    "%0d%0aX: y",
    "%E2%80%AE",
    "%F0%9F%8C%8A",
    ";a=b",
    "..;",
    ".",
    "..",
    "%5c",
]
NAMES = [
    "next", "q", "page", "p", "o", "e", "all", "sort", "topic", "days", "session_id", "format", "currency", "kind", "level", "access",
    "code", "email", "login",
    "password", "password1", "password2", "oldpassword", "name", "action", "_selected_action", "select_across", "index", "title",
    "slug", "quantity", "flow",
    "subscription", "position", "done", "again", "reason", "item", "id", "_popup", "_to_field", "_changelist_filters", "id__exact",
    "is_active__exact",
    "email__regex", "pk__in", "created_at__gte", "publication", "role", "size", "numbers", "sums", "file", "lesson", "order", "text",
    "body", "term",
    "app_label", "model_name", "field_name", "action_add", "action_primary", "remember", "credential", "_continue", "post", "language",
    "csrfmiddlewaretoken",
]  # fmt: skip
AGES = ["Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 99999 99:99:99 GMT", "Sun, 06 Nov 0000 08:49:37 GMT", "0", "-1"]
HEADERS: dict[str, list[str]] = {
    "Host": [ELSEWHERE, "testserver:99999", "testserver@" + ELSEWHERE, "[::1", "", "a b", "127.0.0.1", "testserver."],
    "X-Forwarded-Host": [ELSEWHERE, "a, b", "\t"],
    "X-Forwarded-For": ["127.0.0.1", "a, b, c", "::1", "999.1.1.1", ", ,", "1" * 5000, "unknown", "[::1]:80", "\u00e9"],
    "X-Forwarded-Proto": ["https", "http", "gopher", "https, http"],
    "Forwarded": ["for=1;proto=https;host=" + ELSEWHERE],
    "Range": ["bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-1,2-3,4-5", "lines=1", "bytes=" + "9" * 40 + "-"],
    "If-Modified-Since": AGES,
    "If-Unmodified-Since": AGES,
    "If-None-Match": ['"x"', "*", 'W/"' + "a" * 3000 + '"', "x, y,"],
    "If-Match": ['"x"', "*"],
    "If-Range": ['"x"', *AGES],
    "Accept": ["application/json", "*/*;q=NaN", "image/*", "a" * 3000, ";;,,"],
    "Accept-Language": ["de", "x" * 600, "*;q=9", "../../etc", "zh-Hans-CN, en;q=0", "a_b-c.d@e"],
    "Accept-Encoding": ["gzip", "br;q=nan", "*", "identity;q=0"],
    "Content-Encoding": ["gzip", "br"],
    "Content-Length": ["-1", "abc", "99999999999", "", "1e3"],
    "Transfer-Encoding": ["chunked", "gzip, chunked"],
    "Referer": ["https://" + ELSEWHERE + "/", "x" * 3000, "javascript:1", "http://testserver/\u00e9"],
    "Origin": ["null", "https://" + ELSEWHERE, "http://testserver"],
    "User-Agent": ["", "x" * 9000, "\u00e9\u00ff", MARKER, "() { :;}; echo"],
    "X-Requested-With": ["XMLHttpRequest"],
    "X-HTTP-Method-Override": ["DELETE", "TRACE"],
    "Sec-Fetch-Site": ["cross-site", "x"],
    "Sec-Fetch-Dest": ["image", "document", "x"],
    "Sec-Purpose": ["prefetch"],
    "Stripe-Signature": ["t=1,v1=00", "t=,v1=", "v1=é", "t=" + "9" * 40, ",,,===", "x" * 9000],
    "Authorization": ["Basic YTpi", "Bearer x", "Basic %%%"],
    "X-CSRFToken": ["", "x" * 9000, "é"],
    "Expect": ["100-continue"],
    "Upgrade": ["websocket"],
    "Connection": ["upgrade", "close, x"],
}  # fmt: skip
COOKIES = [
    "{session}=; {csrf}=",
    "{session}=é",
    "{session}=" + "x" * 8000,
    "{csrf}=<>",
    "{language}=../../x",
    "messages=W10",
    "messages=x:y",
    "=;=;==",
    "a" * 4000,
]
# What the owner may paste into "Whose link is this?", and what they should not.
LINK = (
    "https://b.s3.example/content/00000000-0000-4000-8000-000000000000?x-dl=00000000-0000-4000-8000-000000000001&X-Amz-"
)
PASTED = [
    LINK + "Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&"
    "X-Amz-Expires=120&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0" * 64,
    LINK + "Date=99999999T999999Z&X-Amz-Expires=1e9&X-Amz-Credential=%00&X-Amz-Signature=é",
    LINK + "Expires=" + "9" * 40 + "&X-Amz-Expires=-1&X-Amz-Date=20260101T000000Z",
    "https://[::1", "http://[x]/?x-dl=", "https://b.s3.example:99999/content/x?X-Amz-Signature=1", "https://\ud800/",
    "<Error><Code>AccessDenied</Code><RequestId>4442587FB7D0A2F9</RequestId></Error>",
    "<Error><Code>" + MARKER + "</Code><HostId>" + "x" * 5000, "&lt;Error&gt;&#0;&#1114112;&#xD800;",
    "79a b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57 REST.GET.OBJECT content/x \"GET /b/x HTTP/1.1\" 200 - 113 113 7 - \"-\" \"a\" -",
    "79a b [99/Foo/0000:99:99:99 +9999] \0 - E REST.GET.OBJECT content/%00 \"GET /?x-dl=%FF HTTP/1.1\" 999 - 999999999999999999 - - - - -",
    "00000000-0000-4000-8000-000000000000", "content/00000000-0000-4000-8000-000000000000", "x-dl=" + "0" * 36, "x" * 200_000,
]  # fmt: skip
TYPES = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=", "text/plain", "",
    "application/xml",
    "multipart/form-data; boundary=" + "b" * 300, "application/json; charset=utf-7",
    "application/x-www-form-urlencoded; charset=klingon", "é/ü", "a" * 2000,
]  # fmt: skip


def word(dice: Random) -> str:
    return dice.choice(WORDS)


def in_address(dice: Random) -> str:
    """Return a value as it may stand between two slashes."""
    return dice.choice(RAW) if dice.random() < 0.3 else safe(word(dice))


def safe(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def pairs(dice: Random, most: int) -> str:
    """Return names and values as a form or a query carries them."""
    names = [dice.choice(NAMES) for _ in range(dice.randint(0, most))]
    return "&".join(f"{name}={in_address(dice)}" for name in names)


def nested(dice: Random, depth: int = 3) -> object:
    if depth == 0 or dice.random() < 0.4:
        return dice.choice([None, True, -1, 0, 2**70, 1.5, float("nan"), [], {}, word(dice)])
    if dice.random() < 0.4:
        return [nested(dice, depth - 1) for _ in range(dice.randint(0, 4))]
    return {dice.choice(NAMES): nested(dice, depth - 1) for _ in range(dice.randint(0, 6))}


def multipart(dice: Random) -> bytes:
    """Return a multipart body with something wrong in it."""
    name, value = dice.choice(NAMES), word(dice).encode("utf-8", "replace")
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"'.encode()
    return dice.choice(
        [
            head + b"\r\n\r\n" + value,
            head + b'; filename="../../x.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG' + value + b"\r\n--b--\r\n",
            head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n",
            b"--b\r\n\r\n\r\n--b--",
            b"--b" * 500,
            head + b"\r\n" + b"X: y\r\n" * 300 + b"\r\nv\r\n--b--\r\n",
        ]
    )


def body(dice: Random) -> tuple[bytes, str]:
    """Return a body and the type it says it has, which need not fit."""
    kind = dice.random()
    if kind < 0.35:
        return pairs(dice, 8).encode(), "application/x-www-form-urlencoded"
    if kind < 0.6:
        return json.dumps(nested(dice)).encode("utf-8", "surrogatepass"), "application/json"
    if kind < 0.75:
        return multipart(dice), "multipart/form-data; boundary=b"
    deep = b"[" * 60_000
    odd = [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b'"',
        b"NaN",
        deep,
        b'{"a":' * 2000,
        b"x" * 100_000,
        b"a=1&" * 1500,
        pairs(dice, 5).encode(),
    ]
    return dice.choice(odd), dice.choice(TYPES)
