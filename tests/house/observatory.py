"""The scoring of MDN's HTTP Observatory as far as an answer alone tells it: 100, and what is added or taken away.

Bonuses count from 90 on. Source: https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring
"""

import re
from http.cookies import SimpleCookie
from typing import Any

SCRIPT = re.compile(r"<script\b[^>]*>", re.IGNORECASE)
SIX_MONTHS = 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


def score(answer: Any) -> tuple[int, dict[str, int]]:
    """Return the score of an answer, and what each test gave to it."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    policy = directives(headers.get("content-security-policy", ""))
    given = {
        "content-security-policy": csp(policy),
        "cookies": cookies(answer.cookies),
        "cross-origin-resource-sharing": -50 if headers.get("access-control-allow-origin") == "*" else 0,
        "referrer-policy": referrer(headers.get("referrer-policy", "")),
        "strict-transport-security": hsts(headers.get("strict-transport-security", "")),
        "subresource-integrity": scripts(answer.content.decode()),
        "x-content-type-options": 0 if headers.get("x-content-type-options") == "nosniff" else -5,
        "x-frame-options": frames(policy, headers.get("x-frame-options", "")),
        "cross-origin-resource-policy": 10
        if headers.get("cross-origin-resource-policy") in ("same-origin", "same-site")
        else 0,
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
    default = policy.get("default-src", {"*"})
    code = policy.get("script-src", default) | policy.get("object-src", default)
    if code & {"'unsafe-inline'", "data:", "https:", "http:", "*"}:
        return -20
    if "'unsafe-eval'" in code:
        return -10
    if policy.get("style-src", default) & {"'unsafe-inline'", "data:"}:
        return 0
    return 10 if default == {"'none'"} else 5


def cookies(jar: "SimpleCookie") -> int:
    worst = 5 if jar else 0
    for name, cookie in jar.items():
        is_session = "sess" in name.lower() or "login" in name.lower()
        if not cookie["secure"]:
            worst = min(worst, -40 if is_session else -20)
        if is_session and not cookie["httponly"]:
            worst = min(worst, -30)
        if not cookie["samesite"]:
            worst = min(worst, -20 if "csrf" in name.lower() else 0)
    return worst


def referrer(policy: str) -> int:
    if not policy:
        return 0
    return 5 if policy.rsplit(",", maxsplit=1)[-1].strip() in PRIVATE else -5


def hsts(header: str) -> int:
    age = re.search(r"max-age=(\d+)", header)
    if not age:
        return -20
    return 0 if int(age[1]) >= SIX_MONTHS else -10


def scripts(page: str) -> int:
    """Scripts of our own need no sum; one of another host without it takes points."""
    return (
        -50
        if any(re.search(r'src="(https?:)?//', tag) and "integrity=" not in tag for tag in SCRIPT.findall(page))
        else 0
    )


def frames(policy: dict[str, set[str]], header: str) -> int:
    if policy.get("frame-ancestors"):
        return 5
    return 0 if header.upper() in ("DENY", "SAMEORIGIN") else -20
