"""A cache between people and the site, as a careless operator may set one up: it keeps no redirect for anybody else."""

import http.client
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from bench.faults import clicks
from bench.faults.proxied import nginx, program
from billing.models import Product
from courses.models import Download
from tests import build
from tests.effort import tries

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not program(), reason="needs nginx: the package nginx-light brings it"),
]
# A cache that knows no cookies: whoever asks for an address gets what the last one got. /careless/ does not listen to the site either.
CACHING = """
proxy_cache_path {folder}/cache keys_zone=kept:1m;
server {{
    listen 127.0.0.1:{port};
    proxy_cache kept;
    proxy_cache_key $request_uri;
    proxy_cache_valid any 10m;
    add_header X-Kept $upstream_cache_status always;
    location / {{ proxy_pass http://127.0.0.1:{site}; }}
    location /careless/ {{
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
        proxy_pass http://127.0.0.1:{site}/;
    }}
}}
"""


@contextmanager
def kept_in() -> Iterator[Path]:
    """A folder that nginx can reach, whose workers are another user where root starts it."""
    with tempfile.TemporaryDirectory(prefix="kept") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def caching(folder: Path, port: int, site: int) -> str:
    return CACHING.format(folder=folder, port=port, site=site)


def click(port: int, path: str, cookie: str) -> tuple[str, str]:
    """Ask for a file through the cache; return the trace of the link that came, and what the cache says of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query)["x-dl"][0], answer.headers["X-Kept"]


def test_t9_a_cache_in_between_hands_nobody_anothers_link(
    live_server: LiveServer, plan: Product, settings: Any
) -> None:
    settings.BUDGETS = dict.fromkeys(settings.BUDGETS, 10**6)
    path = build.file(build.ebook(access="free")).get_absolute_url()
    people = [build.person(), build.person()]
    cookies = {person.pk: clicks.cookie_of(person) for person in people}

    with kept_in() as folder, nginx(int(urlsplit(live_server.url).port or 0), partial(caching, folder)) as port:
        for number in range(tries(50, 1000)):
            person: User = people[number % 2]
            trace, kept = click(port, path, cookies[person.pk])
            assert kept == "MISS"
            assert Download.objects.get(pk=trace).user == person
        # The same cache, told not to listen: so it can keep, and what keeps it from doing so is what the site says.
        found = [click(port, f"/careless{path}", cookies[person.pk]) for person in people]
        assert found[1] == (found[0][0], "HIT")
