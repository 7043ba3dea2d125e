"""What search engines, link previews and slow networks get: descriptions that hold, one address a page, and little to load."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, override_settings

from accounts.models import User
from billing.models import Product
from courses.models import Topic
from tests import build
from tests.courses import schema_org

pytestmark = pytest.mark.django_db
FIRST_LOAD = 60_000  # bytes, compressed, without pictures and films


@pytest.fixture
def shop(plan: Product) -> None:
    build.price(plan)
    item = build.item()
    build.price(item, unit_amount=1900, interval="once")
    topic = Topic.objects.create(name="Tides", slug="tides", description="When the water comes.")
    course = build.course(title="Reading <the> tide", slug="tides", author="Tomas Penhale", summary="A & B </script>")
    build.lesson(course, slug="watch", seconds=5025, preview=True)
    build.course(slug="free", access="free", author="Ada")
    build.course(slug="bare")
    book = build.ebook(slug="slack", title="Slack water", author="Ada", pages=96, access="restricted")
    book.products.add(item)
    build.ebook(slug="free", access="free", author="Ada")
    build.file(book)
    for title in (course, book):
        title.topics.add(topic)


class Head(HTMLParser):
    """What a robot reads of a page: its canonical address, its meta tags, its data, and what a browser loads with it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.canonical: list[str] = []
        self.meta: dict[str, str] = {}
        self.data: list[Any] = []
        self.loads: list[str] = []
        self.title = ""
        self.within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.within = found.get("type", "") if tag == "script" else tag
        if tag == "link" and found.get("rel") == "canonical":
            self.canonical.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "modulepreload"):
            self.loads.append(found["href"])
        elif tag == "meta" and "content" in found:
            self.meta[found.get("property") or found.get("name", "")] = found["content"]
        elif tag in ("script", "img") and found.get("src", "").startswith("/static/"):
            self.loads.append(found["src"])

    def handle_data(self, data: str) -> None:
        if self.within == "application/ld+json":
            self.data.append(json.loads(data))
        if self.within == "title":
            self.title += data
        self.within = ""


def head(path: str, browser: Client | None = None) -> Head:
    response = (browser or Client()).get(path)
    assert response.status_code == 200, path
    return Head(response.content.decode())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/courses/tides/", "Course"),
        ("/courses/free/", "Course"),
        ("/courses/bare/", "Course"),
        ("/ebooks/slack/", "Book"),
        ("/ebooks/free/", "Book"),
    ],
)
def test_20_a_title_is_described_as_schema_org_asks(shop: None, path: str, kind: str) -> None:
    (data,) = head(path).data
    assert data["@context"] == "https://schema.org"
    assert data["@type"] == kind
    assert list(schema_org.faults(data, {kind})) == []


def test_the_rules_find_what_they_are_for() -> None:
    right = {"@type": "Offer", "category": "Paid", "price": "19.00", "priceCurrency": "USD"}
    assert list(schema_org.faults(right, {"Offer"})) == []
    for change in ({"price": 19}, {"priceCurrency": "usd"}, {"category": "Dear"}, {"colour": "red"}, {"price": "$19"}):
        assert len(list(schema_org.faults(right | change, {"Offer"}))) == 1
    assert list(schema_org.faults({"@type": "Course"}, {"Course"}))
    assert list(schema_org.faults({"@type": "Recipe"}, {"Course"}))


@pytest.mark.parametrize(
    "path", ["/", "/courses/", "/ebooks/", "/topics/tides/", "/courses/tides/", "/courses/tides/watch/", "/ebooks/slack/", "/plans/"]
)  # fmt: skip
def test_a_public_page_has_one_address_a_description_and_a_preview(shop: None, path: str) -> None:
    found = head(f"{path}?utm_source=mail")
    assert found.canonical == [f"http://testserver{path}"]
    assert 5 <= len(found.meta["description"]) <= 400
    assert {"og:title", "og:description", "og:url", "og:type", "og:site_name"} <= found.meta.keys()
    assert found.meta["og:url"] == f"http://testserver{path}"
    assert "robots" not in found.meta


def test_no_two_public_pages_have_one_title(shop: None) -> None:
    paths = [
        "/",
        "/courses/",
        "/ebooks/",
        "/topics/tides/",
        "/courses/tides/",
        "/courses/tides/watch/",
        "/ebooks/slack/",
    ]
    titles = [head(path).title for path in [*paths, "/plans/", "/search/"]]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("path", ["/library/", "/account/", "/search/?q=tide", "/account/login/"])
def test_pages_of_ones_own_ask_not_to_be_kept(shop: None, client_for: type[Client], newcomer: User, path: str) -> None:
    browser = Client() if "login" in path else client_for(newcomer)
    found = head(path, browser)
    assert "noindex" in found.meta.get("robots", "") or path.startswith("/account/")
    assert (
        f"Disallow: {'/account/' if 'account' in path else path.split('?', maxsplit=1)[0]}"
        in Client().get("/robots.txt").content.decode()
    )


@pytest.mark.parametrize(
    "path", ["/", "/courses/", "/courses/tides/", "/courses/tides/watch/", "/ebooks/slack/", "/plans/", "/library/", "/account/"]
)  # fmt: skip
def test_20_the_first_load_weighs_at_most_60_kb(
    shop: None, client_for: type[Client], subscriber: User, path: str
) -> None:
    page = client_for(subscriber).get(path).content
    bodies = [page, *map(body_of, everything_loaded(page.decode()))]
    assert sum(len(gzip.compress(body, 6)) for body in bodies) <= FIRST_LOAD
    assert len(bodies) > 2


def everything_loaded(html: str) -> set[str]:
    """Return the static files that a page loads, with what those load in turn: pictures in style sheets, modules in modules."""
    waiting, found = Head(html).loads, set()
    while waiting:
        name = waiting.pop().split("?")[0].removeprefix("/static/")
        if name in found:
            continue
        found.add(name)
        folder = name.rpartition("/")[0]
        text = body_of(name).decode() if name.endswith((".css", ".js")) else ""
        links = re.findall(r'url\("([^"]+)"\)', text) + re.findall(r'from "\./([^"]+)"', text)
        waiting += [f"{folder}/{link}" for link in links]
    return found


def body_of(name: str) -> bytes:
    path = finders.find(name)
    assert path is not None, name
    return Path(path).read_bytes()


def test_the_sitemap_names_every_public_page_once(shop: None) -> None:
    listed = re.findall(r"<loc>http://testserver([^<]+)</loc>", Client().get("/sitemap.xml").content.decode())
    assert len(listed) == len(set(listed))
    assert {
        "/",
        "/courses/",
        "/ebooks/",
        "/plans/",
        "/courses/tides/",
        "/courses/tides/watch/",
        "/ebooks/slack/",
    } <= set(listed)
    for path in listed:
        assert head(path).canonical == [f"http://testserver{path}"]


def test_the_page_of_examples_is_the_demos_alone(shop: None, settings: Any) -> None:
    assert Client().get("/design/").status_code == 404
    settings.DESIGN_PAGE = True
    page = Client().get("/design/").content.decode()
    assert 'content="noindex"' in page
    assert "Reading &lt;the&gt; tide" in page


def test_while_it_is_looked_after_the_site_says_so_and_asks_the_database_nothing(
    django_assert_num_queries: Any,
) -> None:
    with (
        override_settings(MAINTENANCE=True, MIDDLEWARE=["config.middleware.MaintenanceMiddleware"]),
        django_assert_num_queries(0),
    ):
        for path in ("/", "/courses/", "/nothing/"):
            response = Client().get(path)
            assert response.status_code == 503
            assert response["Retry-After"] == "300"
            assert "We will be back in a moment" in response.content.decode()
        assert Client().get("/livez/").status_code == 200


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (400, "make sense"),
        (403, "not open to you"),
        (404, "nothing here"),
        (429, "slower"),
        (500, "our side"),
        (503, "be back"),
    ],
)
def test_every_error_is_a_page_of_the_house(client_for: type[Client], code: int, words: str) -> None:
    """Each says what happened and what to do, in the house's own frame, and stays out of search engines."""
    page = render_to_string(f"{code}.html", {"seconds": 30})
    assert words in page
    assert 'class="site-header"' in page
    assert 'content="noindex"' in page
    assert "button" in page


def test_a_stranger_who_hurries_is_asked_to_wait(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    browser = Client()
    answers = [browser.post("/account/login/", {"login": "a@example.com", "password": "x"}) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert "A little slower, please" in answers[-1].content.decode()


def test_a_failure_on_our_side_is_a_page_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("courses.views.catalogue.offers.cheapest_plan", lambda request: 1 / 0)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert "ZeroDivisionError" not in response.content.decode()
