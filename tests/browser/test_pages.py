"""Finding and leaving in a real Chromium: by keyboard, without JavaScript, at 400 %, on paper; and the pages nobody means to see."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from accounts import news
from accounts.models import User
from courses.models import Progress
from tests.browser.test_axe import RULES, shop

__all__ = ["shop"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATHS = ["/", "/courses/", "/search/?q=tide", "/courses/tides/", "/ebooks/slack/", "/plans/", "/account/", "/library/"]


def faults(page: Page) -> list[str]:
    """Return what axe finds on this page, and that it scrolls sideways if it does."""
    found = [
        str((each["id"], each["nodes"][0]["html"])) for each in Axe().run(page, options=RULES).response["violations"]
    ]
    fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found if fits else [*found, "scrolls sideways"]


def test_20_at_400_percent_every_page_still_fits(
    context_for: Callable[..., BrowserContext], shop: None, subscriber: User
) -> None:
    """A window of 1280 by 1024 pixels at 400 % has 320 by 256 of its own."""
    window = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4}
    page = context_for(subscriber, color_scheme="dark", reduced_motion="reduce", **window).new_page()
    for path in PATHS:
        page.goto(path)
        assert faults(page) == [], path


def test_20_a_member_finds_and_opens_a_lesson_by_keyboard_alone(
    context_for: Callable[..., BrowserContext], shop: None, subscriber: User
) -> None:
    page = context_for(subscriber).new_page()
    page.goto("/search/")
    page.keyboard.type("watch tide")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Lessons")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if "/courses/tides/watch/" in str(page.evaluate("document.activeElement.href")):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/courses/tides/watch/")


def test_7_a_member_goes_on_from_the_front_page_in_one_click(
    context_for: Callable[..., BrowserContext], shop: None, subscriber: User, now: datetime
) -> None:
    Progress.objects.update(position=40, updated_at=now)
    for _device in ("a desk", "a phone"):
        page = context_for(subscriber).new_page()
        page.goto("/")
        page.get_by_role("link", name="Continue at 0:40").click()
        page.wait_for_url("**/courses/tides/watch/")


def test_20_a_visitor_without_javascript_searches_and_narrows(
    context_for: Callable[..., BrowserContext], shop: None
) -> None:
    page = context_for(java_script_enabled=False).new_page()
    page.goto("/courses/")
    page.get_by_label("Topic").select_option("Tides")
    page.get_by_label("Length").select_option("Under an hour")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/courses/?*topic=tides*")
    expect(page.get_by_role("link", name="Reading the tide", exact=True)).to_be_visible()
    page.get_by_role("link", name="Take away: Under an hour").click()
    page.wait_for_url("**/courses/?topic=tides*")
    page.goto("/search/")
    page.get_by_role("searchbox").fill("tdie")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("This is what we have for “tide”.")).to_be_visible()


def test_a_course_on_paper_is_its_text_alone(context_for: Callable[..., BrowserContext], shop: None) -> None:
    page = context_for().new_page()
    page.goto("/courses/tides/")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for gone in (".site-nav", ".site-footer", ".stay", ".button"):
        assert not page.locator(gone).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_reader_ends_the_mail_about_new_titles_signed_out(
    context_for: Callable[..., BrowserContext], subscriber: User, settings: Any
) -> None:
    User.objects.update(wants_news=True)
    page = context_for(viewport={"width": 320, "height": 700}).new_page()
    page.goto(news.stop_address(subscriber.pk))
    assert faults(page) == []
    page.get_by_role("button", name="Stop this mail").click()
    expect(page.get_by_role("heading", name="That mail is stopped")).to_be_visible()
    subscriber.refresh_from_db()
    assert subscriber.wants_news is False


def test_20_the_pages_nobody_means_to_see_can_be_used_by_everybody(
    context_for: Callable[..., BrowserContext],
    shop: None,
    newcomer: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.DESIGN_PAGE = True
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/d/ip"}
    page = context_for(newcomer, viewport={"width": 320, "height": 700}, color_scheme="dark").new_page()
    outside = context_for(viewport={"width": 320, "height": 700}).new_page()
    for path, status in (("/nothing/", 404), ("/courses/tides/locked/", 403), ("/design/", 200)):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
        assert faults(page) == [], path
    for _ in range(2):
        outside.goto("/account/login/")
        outside.get_by_label("E-mail").fill("a@example.com")
        outside.get_by_label("Password").fill("wrong")
        outside.get_by_role("button", name="Sign in", exact=True).click()
    expect(outside.get_by_role("heading", name="A little slower, please")).to_be_visible()
    assert faults(outside) == []
    monkeypatch.setattr("courses.views.catalogue.offers.cheapest_plan", lambda request: 1 / 0)
    page.goto("/")
    expect(page.get_by_role("heading", name="Something broke on our side")).to_be_visible()
    assert faults(page) == []
