"""The scoring of MDN's HTTP Observatory as far as an answer alone tells it: 100, and what is added or taken away.

Bonuses count from 90 on. Points and conditions are those of its version 1.6.3: src/grader/charts.js and src/analyzer/tests of
https://github.com/mdn/mdn-http-observatory. What depends on more than one answer (redirection, the preload list) is not scored here.
"""

import re
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

SCRIPT = re.compile(r"<script\b[^>]*>", re.IGNORECASE)
SOURCE = re.compile(r"""\bsrc=["']?([^"'\s>]*)""", re.IGNORECASE)
SIX_MONTHS = 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
UNSAFE = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}
BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
EVERYTHING = {"*"}


def score(answer: Any) -> tuple[int, dict[str, int]]:
    """Return the score of an answer, and what each test gave to it."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    policy = directives(headers.get("content-security-policy", ""))
    age = hsts(headers.get("strict-transport-security", ""))
    given = {
        "content-security-policy": csp(policy),
        "cookies": cookies(answer.cookies, behind_hsts=age == 0),
        "cross-origin-resource-sharing": sharing(headers),
        "cross-origin-opener-policy": token(
            headers.get("cross-origin-opener-policy", ""),
            {"same-origin": 10, "same-origin-allow-popups": 10, "noopener-allow-popups": 10, "unsafe-none": 0},
        ),
        "cross-origin-embedder-policy": token(
            headers.get("cross-origin-embedder-policy", ""),
            {"require-corp": 10, "credentialless": 10, "unsafe-none": 0},
        ),
        "cross-origin-resource-policy": token(
            headers.get("cross-origin-resource-policy", "").lower(),
            {"same-origin": 10, "same-site": 10, "cross-origin": 0},
        ),
        "referrer-policy": referrer(headers.get("referrer-policy", "")),
        "strict-transport-security": age,
        "subresource-integrity": scripts(answer.content.decode(), headers.get("content-type", "")),
        "x-content-type-options": 0 if headers.get("x-content-type-options", "").strip().lower() == "nosniff" else -5,
        "x-frame-options": frames(policy, headers.get("x-frame-options", "")),
    }
    total = 100 + sum(points for points in given.values() if points < 0)
    if total >= 90:
        total += sum(points for points in given.values() if points > 0)
    return max(0, total), given


def directives(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.split(";") if part.split()]
    return {words[0].lower(): set(words[1:]) for words in parts}


def csp(policy: dict[str, set[str]]) -> int:
    if not policy:
        return -25
    default = policy.get("default-src", EVERYTHING)
    script, style = policy.get("script-src", default), policy.get("style-src", default)
    active = {one for name, sources in policy.items() if name not in ("img-src", "media-src") for one in sources}
    passive = policy.get("img-src", default) | policy.get("media-src", default)
    if script & (BROAD | INLINE) or policy.get("object-src", default) & BROAD:
        return -20
    if any(source.startswith(("http:", "ftp:")) for source in active):
        return -20
    if "'unsafe-eval'" in script | style:
        return -10
    if any(source.startswith(("http:", "ftp:")) for source in passive):
        return -10
    if style & (BROAD | INLINE):
        return 0
    return 10 if default == {"'none'"} else 5


def cookies(jar: "SimpleCookie", *, behind_hsts: bool) -> int:
    """Give the worst of all cookies, or 5 where each says what it may be sent with."""
    if not jar:
        return 0
    found = []
    for name, cookie in jar.items():
        is_session = "sess" in name.lower() or "login" in name.lower()
        same_site = cookie["samesite"].lower()
        if not cookie["secure"]:
            found.append((-10 if is_session else -5) if behind_hsts else (-40 if is_session else -20))
        if is_session and not cookie["httponly"]:
            found.append(-30)
        if same_site not in ("lax", "strict", "none", "") or (same_site == "none" and not cookie["secure"]):
            found.append(-20)
        if not same_site:
            found.append(-20 if "csrf" in name.lower() else 0)
    return min(found, default=5)


def sharing(headers: dict[str, str]) -> int:
    """Take points where any site may read with the visitor's cookies. One origin named alone is judged as if it echoed the asker's."""
    is_open = "access-control-allow-origin" in headers and headers["access-control-allow-origin"].strip() != "*"
    return -50 if is_open and headers.get("access-control-allow-credentials", "").strip().lower() == "true" else 0


def token(header: str, points: dict[str, int]) -> int:
    """Give what a header of one word is worth; nothing without it, and less than that for a word that nobody knows."""
    return points.get(header.split(";", maxsplit=1)[0].strip(), -5) if header else 0


def referrer(policy: str) -> int:
    if not policy:
        return 0
    known = [one for one in (part.strip().lower() for part in policy.split(",")) if one in PRIVATE | UNSAFE]
    return 5 if known and known[-1] in PRIVATE else -5


def hsts(header: str) -> int:
    age = re.search(r"(?:^|;)\s*max-age=(\d+)", header.lower())
    if not age or "," in header:
        return -20
    return 0 if int(age[1]) >= SIX_MONTHS else -10


def scripts(page: str, content_type: str) -> int:
    """Scripts of our own may have a sum and need none; each of another host needs https, and a sum."""
    if content_type.split(";", maxsplit=1)[0] not in ("text/html", "application/xhtml+xml"):
        return 0
    found = [0]
    sums = foreign = False
    for tag in SCRIPT.findall(page):
        source = SOURCE.search(tag)
        if source is None:
            continue
        has_sum, address = "integrity=" in tag.lower(), urlsplit(source[1])
        if not address.netloc:
            sums = sums or has_sum
            continue
        foreign = True
        if address.scheme != "https":
            found.append(-20 if has_sum else -50)
        elif not has_sum:
            found.append(-5)
    return min(found) or (5 if sums or foreign else 0)


def frames(policy: dict[str, set[str]], header: str) -> int:
    if policy.get("frame-ancestors") or header.strip().upper() in ("DENY", "SAMEORIGIN"):
        return 5
    return 0 if header.strip().upper().startswith("ALLOW-FROM") else -20
