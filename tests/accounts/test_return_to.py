"""After any door, people land on the page they asked for, and never off the site."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from accounts.adapter import is_local_path
from accounts.models import User
from tests import build
from tests.accounts import mailbox

SITE = "http://testserver/account/login/"
OFF_SITE = [
    "//evil.example",
    "//evil.example/library/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\x00/evil.example",
    "//\x00evil.example",
    "@evil.example",
    "evil.example",
    "www.evil.example/library/",
    "/%2fevil.example",
    "/%2f%2fevil.example",
    "/%2F%2Fevil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "%2f%2fevil.example",
    "http://evil.example",
    "https://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:evil.example",
    "https:\\\\evil.example",
    "http://testserver@evil.example",
    "http://testserver.evil.example",
    "//testserver@evil.example",
    "//testserver:80@evil.example/",
    "http://testserver\\@evil.example",
    "http://[::1]/",
    "http://[",
    "//[",
    "ftp://evil.example/",
    "ws://evil.example/",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "javascript://testserver/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "blob:http://evil.example/1",
    "about:blank",
    "?next=//evil.example",
    "#//evil.example",
    "..//evil.example",
    ".",
    "/" + "a" * 3000,
    "\u2215\u2215evil.example",
    "\uff0f\uff0fevil.example",
    "\u3000//evil.example",
]
ON_SITE = [
    "/",
    "/plans/",
    "/courses/linen/?page=2",
    "/ebooks/%C3%BC/",
    "/search/?q=//evil.example",
    "/admin/auth/group/?q=a%20b#top",
]
DOORS = ["/account/login/", "/account/login/?next="]


def lands_on(address: str) -> str:
    """Return the host a browser goes to: as the WHATWG URL standard has it, it drops tabs and line ends and turns backslashes round."""
    read = address.strip().translate({9: None, 10: None, 13: None}).replace("\\", "/")
    return urlsplit(urljoin(SITE, read)).netloc


@pytest.mark.parametrize("address", OFF_SITE)
def test_the_rule_refuses(address: str) -> None:
    assert not is_local_path(address)


@pytest.mark.parametrize("address", ON_SITE)
def test_the_rule_allows(address: str) -> None:
    assert is_local_path(address)


@pytest.mark.parametrize("address", OFF_SITE)
def test_a_newcomer_who_signs_in_is_never_sent_off_the_site(client: Client, newcomer: User, address: str) -> None:
    answers = {"login": newcomer.email, "password": build.PASSWORD, "next": address}
    response = client.post("/account/login/", answers)
    assert response.status_code == 302
    assert response["Location"] == "/library/"


@pytest.mark.parametrize("address", OFF_SITE)
def test_somebody_signed_in_who_opens_the_login_page_stays_on_the_site(
    client: Client, newcomer: User, address: str
) -> None:
    client.force_login(newcomer)
    assert client.get("/account/login/", {"next": address})["Location"] == "/library/"
    assert lands_on(client.post("/account/logout/", {"next": address})["Location"]) == "testserver"


@pytest.mark.parametrize("address", ON_SITE)
def test_a_newcomer_comes_back_to_the_page_asked_for(client: Client, newcomer: User, address: str) -> None:
    answers = {"login": newcomer.email, "password": build.PASSWORD, "next": address}
    assert client.post("/account/login/", answers)["Location"] == address


@pytest.mark.django_db
@pytest.mark.parametrize("address", OFF_SITE[:20])
def test_no_mail_carries_an_address_off_the_site(client: Client, address: str) -> None:
    client.post("/account/signup/", {"email": "nadia@example.com", "password1": build.PASSWORD, "next": address})
    assert "evil" not in mailbox.latest("nadia@example.com").body
    confirm = mailbox.link("nadia@example.com")
    assert Client().post(confirm, {"next": address})["Location"] == "/account/confirmed/"


def test_every_door_hands_the_page_asked_for_to_the_next_door(client: Client, db: None) -> None:
    page = client.get("/account/login/?next=/plans/").content.decode()
    for door in ("/account/signup/", "/account/login/code/"):
        assert f'href="{door}?next=%2Fplans%2F"' in page
        assert 'name="next" value="/plans/"' in client.get(f"{door}?next=/plans/").content.decode()
