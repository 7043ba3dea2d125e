"""The account pages in a real Chromium: passkeys, the strict policy, and what axe says, at phone and desk widths, light and dark."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from tests import build
from tests.accounts import authenticator, mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
OUTSIDE = [
    "/account/login/",
    "/account/signup/",
    "/account/login/code/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/password/reset/key/1-broken/",
    "/account/confirm-email/",
    "/account/confirm-email/MQ:forged:link/",
    "/account/confirmed/?next=/plans/",
    "/account/inactive/",
]
INSIDE = [
    "/account/",
    "/account/email/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/totp/activate/",
    "/account/sessions/",
    "/account/logout/",
    "/account/delete/",
    "/account/reauthenticate/",
]
LOCKED = [
    "/account/2fa/recovery-codes/",
    "/account/2fa/recovery-codes/generate/",
    "/account/2fa/totp/deactivate/",
    "/account/2fa/reauthenticate/",
]


@pytest.fixture
def complaints() -> list[str]:
    """What the console said: a refused script, style, picture or form shows up here, and so does any error."""
    return []


@pytest.fixture
def page(context_for: Callable[..., BrowserContext], complaints: list[str]) -> Page:
    tab = context_for().new_page()
    tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    return tab


def sign_in(page: Page, person: User) -> None:
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(build.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def prove(page: Page) -> None:
    """Type the password where the site asks whether it is you."""
    page.get_by_label("Password").fill(build.PASSWORD)
    page.get_by_role("button", name="Go on").click()


def look(page: Page, address: str, complaints: list[str]) -> None:
    """Open a page at both widths in both schemes: nothing refused, nothing axe minds, nothing wider than the window."""
    page.goto(address)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{address} at {width}"
            picture(page, f"{address}-{scheme}-{width}")
        # The other scheme changes colours alone.
        options = RULES if scheme == "light" else {"runOnly": ["color-contrast"]}
        result = Axe().run(page, options=options)
        assert result.violations_count == 0, f"{address} {scheme}: {result.generate_report()}"
    assert complaints == [], address


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / (re.sub(r"\W+", "-", name).strip("-") + ".png"), full_page=True)


def test_a_visitor_finds_every_door_fit_to_use(page: Page, complaints: list[str], db: None) -> None:
    for address in OUTSIDE:
        look(page, address, complaints)


def test_a_newcomer_finds_every_room_fit_to_use(page: Page, complaints: list[str], newcomer: User) -> None:
    sign_in(page, newcomer)
    expect(page).to_have_url(re.compile(r"^http://[^/?]+/library/$"))
    page.goto("/account/2fa/totp/activate/")
    prove(page)
    for address in INSIDE:
        look(page, address, complaints)
    authenticator.enrol(newcomer)
    for address in LOCKED:
        look(page, address, complaints)


def test_an_owner_is_led_to_the_lock(page: Page, complaints: list[str], owner: User) -> None:
    sign_in(page, owner)
    page.goto("/admin/")
    expect(page).to_have_url(re.compile("/account/second-factor/"))
    look(page, page.url, complaints)


@pytest.mark.parametrize("door", ["password", "code"])
def test_6_a_member_lands_on_the_page_first_asked_for(
    page: Page, complaints: list[str], subscriber: User, door: str
) -> None:
    """By a click on what is locked, not by an address made up with `next`. By passkey: the test below."""
    lesson = build.lesson(build.course(title="Tides"), title="Springs")
    page.goto(lesson.get_absolute_url())
    expect(page).to_have_url(re.compile("/account/login/"))
    if door == "code":
        page.get_by_role("link", name=re.compile("code", re.IGNORECASE)).first.click()
        page.get_by_label("E-mail").fill(subscriber.email)
        page.locator("main").get_by_role("button").first.click()
        page.get_by_label("Code").fill(mailbox.code(subscriber.email))
        page.locator("main").get_by_role("button").first.click()
    else:
        page.get_by_label("E-mail").fill(subscriber.email)
        page.get_by_label("Password").fill(build.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Springs")).to_be_visible()
    assert page.url.endswith(lesson.get_absolute_url())
    assert complaints == []


def test_6_a_newcomer_signs_in_by_passkey(page: Page, complaints: list[str], newcomer: User) -> None:
    """Enrol, sign out, and come back by the passkey alone, with Chromium's own virtual authenticator."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    sign_in(page, newcomer)
    page.goto("/account/2fa/webauthn/add/")
    prove(page)
    page.get_by_label("Name").fill("My phone")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    assert newcomer.authenticator_set.filter(type="webauthn").count() == 1
    assert mail.outbox[-1].subject == "A passkey was added"
    look(page, "/account/2fa/webauthn/", complaints)
    page.goto("/account/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/login/?next=/plans/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile(r"^http://[^/?]+/plans/$"))
    page.goto("/account/2fa/webauthn/")
    page.get_by_role("link", name="Remove My phone").click()
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use your passkey or security key").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    assert complaints == []


def test_a_passkey_that_is_not_there_is_told_in_words(page: Page, newcomer: User) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"isUserVerified": False}})
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


def test_without_javascript_no_passkey_is_offered(context_for: Callable[..., BrowserContext], newcomer: User) -> None:
    page = context_for(java_script_enabled=False).new_page()
    page.goto("/account/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    sign_in(page, newcomer)
    expect(page).to_have_url(re.compile(r"^http://[^/?]+/library/$"))
    page.goto("/account/2fa/webauthn/add/")
    prove(page)
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
