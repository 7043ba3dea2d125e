"""Watching while addresses end, lines break and memberships run out: the bucket holds every URL to its time."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from accounts.models import User
from billing.models import Subscription
from courses.models import Download, Lesson, Progress
from tests.browser import screen
from tests.browser.screen import NOW, PLAYING, SOURCE, Line, jump, play
from tests.browser.stage import Stage
from tests.browser.test_axe import RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)
# Chromium keeps an MP4 whole once it has it; the player is made to hold nothing but what it plays, as of a long film.
SHORT_MEMORY = """() => Object.defineProperty(document.querySelector('video, audio'), 'buffered', {get() {
  return {length: 1, start: () => this.currentTime - .5, end: () => this.currentTime + .5};
}})"""


@pytest.fixture
def lesson(stage: Stage) -> Lesson:
    return screen.film(stage)


@pytest.fixture
def context(context_for: Callable[..., BrowserContext], subscriber: User) -> BrowserContext:
    return context_for(subscriber)


@pytest.fixture
def line(context: BrowserContext, stage: Stage) -> Iterator[Line]:
    yield Line(context, stage.bucket)
    context.unroute_all(behavior="ignoreErrors")


@pytest.fixture
def watching(context: BrowserContext, line: Line, lesson: Lesson) -> Page:
    page = context.new_page()
    page.goto(lesson.get_absolute_url())
    return page


def mints() -> int:
    return Download.objects.filter(version__file__role="media").count()


SHIFTED = """() => new Promise((done) => {
  let sum = 0;
  const seen = new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; });
  seen.observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


def undisturbed(page: Page) -> None:
    expect(page.locator(".player-note")).to_be_hidden()
    expect(page.locator(".player-start")).to_be_hidden()


def test_11_an_address_that_ends_while_it_plays_is_renewed_at_the_same_second(watching: Page, line: Line) -> None:
    play(watching, beyond=0.5)
    old = watching.evaluate(SOURCE)
    with time_machine.travel(time.time() + 3600, tick=True):
        watching.evaluate("document.querySelector('video').currentTime = 26")
        line.flow()
        watching.wait_for_function("(old) => document.querySelector('video').src !== old", arg=old)
        watching.wait_for_function(PLAYING % 26)
    assert 403 in line.statuses, "the bucket refused the old address"
    assert 26 <= watching.evaluate(NOW) < 28
    assert mints() == 2
    undisturbed(watching)


def test_11_a_renewal_in_time_is_not_seen(watching: Page, line: Line) -> None:
    watching.clock.install()
    watching.reload()
    play(watching, beyond=0.3)
    old = watching.evaluate(SOURCE)
    with watching.expect_response(re.compile("/play/")):
        watching.clock.fast_forward("14:10")
    watching.wait_for_function(PLAYING % (watching.evaluate(NOW) + 0.3))
    assert watching.evaluate(SOURCE) == old, "the picture goes on, the new address waits"
    assert mints() == 2
    undisturbed(watching)
    watching.evaluate("document.querySelector('video').currentTime = 25")
    line.flow()
    watching.wait_for_function(PLAYING % 25)
    assert watching.evaluate(SOURCE) != old, "a jump takes it into use"
    assert mints() == 2, "and asks for no third"


def test_11_a_jump_while_a_renewal_is_under_way_takes_that_one(watching: Page, line: Line) -> None:
    watching.clock.install()
    watching.reload()
    play(watching, beyond=0.3)
    watching.evaluate(SHORT_MEMORY)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    watching.route(re.compile("/play/"), hold)
    with time_machine.travel(time.time() + 910, tick=True), watching.expect_request(re.compile("/play/")):
        watching.clock.fast_forward("15:10")
        watching.evaluate("document.querySelector('video').currentTime = 25")
        watching.wait_for_timeout(200)
        for route in held:
            route.continue_()
        line.flow()
        watching.wait_for_function(PLAYING % 25)
    assert len(held) == 1
    assert mints() == 2
    undisturbed(watching)


def test_11_after_an_hours_pause_it_goes_on_at_the_same_second(watching: Page) -> None:
    watching.clock.install()
    watching.reload()
    play(watching, beyond=2)
    watching.keyboard.press("k")
    watching.evaluate(SHORT_MEMORY)
    at = watching.evaluate(NOW)
    with time_machine.travel(time.time() + 3600, tick=True):
        watching.clock.fast_forward("01:00:00")
        assert mints() == 1, "nobody asks for a film that rests"
        old = watching.evaluate(SOURCE)
        watching.keyboard.press("k")
        watching.wait_for_function(f"(old) => {SOURCE} !== old", arg=old)
        watching.wait_for_function(PLAYING % at)
    assert at <= watching.evaluate(NOW) < at + 2
    assert mints() == 2
    undisturbed(watching)


def test_11_a_jump_after_an_hours_pause_lands_where_it_was_meant_to(watching: Page, line: Line) -> None:
    watching.clock.install()
    watching.reload()
    play(watching, beyond=0.3)
    watching.keyboard.press("k")
    with time_machine.travel(time.time() + 3600, tick=True):
        watching.clock.fast_forward("01:00:00")
        watching.keyboard.press("7")
        line.flow()
        watching.wait_for_function(f"() => {NOW} > 22 && document.querySelector('video').readyState > 1")
        assert watching.evaluate("document.querySelector('video').paused"), "what rested rests"
        watching.keyboard.press("k")
        watching.wait_for_function(PLAYING % 22)
    assert 22 < watching.evaluate(NOW) < 25
    undisturbed(watching)


def test_a_cancelled_member_is_stopped_at_the_renewal_and_told_why(
    watching: Page, subscriber: User, lesson: Lesson, now: datetime
) -> None:
    watching.clock.install()
    watching.reload()
    play(watching, beyond=0.3)
    Subscription.objects.update(status="canceled", ended_at=now - timedelta(minutes=1))
    watching.clock.fast_forward("14:10")
    expect(watching.locator(".player-note")).to_contain_text(f"Your membership ended on {now:%b. %-d, %Y}")
    expect(watching.locator(".player-note a")).to_have_attribute("href", lesson.course.get_absolute_url())
    assert watching.evaluate("document.querySelector('video').paused")
    assert not watching.evaluate("document.querySelector('video').getAttribute('src')")
    watching.keyboard.press("k")
    watching.wait_for_timeout(500)
    assert watching.evaluate(f"{NOW} === 0 && document.querySelector('video').paused"), "nothing is left to play"
    assert mints() == 1


def test_8_a_lost_network_costs_nothing_and_is_waited_for(watching: Page, line: Line, lesson: Lesson) -> None:
    play(watching, beyond=0.5)
    line.is_cut = True
    watching.evaluate("document.querySelector('video').currentTime = 27")
    line.flow()
    expect(watching.locator(".player-note")).to_contain_text("The network is slow or away. Your place is kept")
    line.is_cut = False
    watching.wait_for_function(PLAYING % 27)
    assert watching.evaluate(NOW) < 30
    undisturbed(watching)
    watching.keyboard.press("k")
    watching.wait_for_timeout(500)
    assert Progress.objects.get().position >= 27


def test_a_film_that_cannot_be_played_is_offered_to_be_taken_along(
    context: BrowserContext, stage: Stage, lesson: Lesson
) -> None:
    stage_file = lesson.files.get(role="media")
    stage_file.versions.all().delete()
    screen.build.version(stage_file, content_type="video/mp4")
    stage.store(stage_file, b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 5000)
    page = context.new_page()
    page.goto(lesson.get_absolute_url())
    page.locator(".player-start").click()
    expect(page.locator(".player-note")).to_contain_text("Your browser cannot play this file.")
    expect(page.locator(".player-note a")).to_have_attribute("href", stage_file.get_absolute_url())


def test_7_two_browsers_agree_on_the_second(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson
) -> None:
    first, second = (context_for(subscriber).new_page() for _ in range(2))
    second.clock.install()
    second.goto(lesson.get_absolute_url())
    first.goto(lesson.get_absolute_url())
    play(first)
    jump(first, 17)
    with first.expect_response(re.compile("/progress/")):
        first.keyboard.press("k")
    left = first.evaluate(NOW)
    # The other page was opened before all this, and lay there for a minute.
    second.clock.fast_forward("01:00")
    play(second, beyond=left)
    assert second.evaluate(NOW) < left + 1
    second.reload()
    expect(second.locator(".player-start")).to_contain_text("Go on at 0:17")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_20_a_player_at_work_is_for_everybody(
    context_for: Callable[..., BrowserContext], subscriber: User, stage: Stage, width: int, scheme: str
) -> None:
    film = screen.film(stage)
    sound = screen.recording(stage, film.course)
    page = context_for(subscriber, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    for lesson in (film, sound):
        page.goto(lesson.get_absolute_url())
        play(page, beyond=0.2)
        page.keyboard.press("c")
        page.keyboard.press("?")
        assert Axe().run(page, options=RULES).response["violations"] == []
        page.keyboard.press("Escape")
        jump(page, 31 if lesson is film else 39)
        expect(page.locator(".onward" if lesson is film else ".finished")).to_be_visible(timeout=15_000)
        assert Axe().run(page, options=RULES).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_20_everything_about_the_player_is_reached_by_keyboard_alone(watching: Page) -> None:
    watching.locator("#main").focus()
    reached = []
    for _ in range(30):
        watching.keyboard.press("Tab")
        reached.append(watching.evaluate("document.activeElement.textContent.trim()"))
        if reached[-1].startswith("Play"):
            watching.keyboard.press("Enter")
            watching.wait_for_function(PLAYING % 0)
            break
    for _ in range(30):
        watching.keyboard.press("Tab")
        reached.append(
            watching.evaluate(
                "document.activeElement.tagName === 'SELECT' ? document.activeElement.closest('label').firstChild.data.trim()"
                " : document.activeElement.textContent.trim()"
            )
        )
    for name in ("Speed", "Captions", "Keys ?", "0:10 Another", "Mark as done"):
        assert name in reached


@pytest.mark.parametrize("make", [screen.film, screen.recording])
def test_a_lesson_stands_still_while_it_loads(
    context_for: Callable[..., BrowserContext], stage: Stage, make: Callable[..., Lesson]
) -> None:
    """CLS under 0.02, on a telephone, with scripts that come late."""
    lesson = make(stage, body="Tides are long waves. " * 40, preview=True)
    page = context_for(viewport={"width": 412, "height": 823}).new_page()
    page.route(re.compile(r"\.js$"), lambda route: (time.sleep(0.2), route.continue_()))
    page.goto(lesson.get_absolute_url())
    expect(page.locator(".player-note")).not_to_have_class(re.compile("player-plain"))
    assert page.evaluate(SHIFTED) < 0.02


def test_a_press_before_the_scripts_are_there_is_not_lost(watching: Page) -> None:
    """The button is there from the first paint; it can be pressed only once it does something."""
    watching.route(re.compile(r"\.js$"), lambda route: (time.sleep(0.4), route.continue_()))
    watching.reload(wait_until="commit")
    expect(watching.locator(".player-start")).to_be_visible()
    play(watching)


def test_20_a_lesson_without_javascript_offers_its_film_for_ones_own_player(
    context_for: Callable[..., BrowserContext], lesson: Lesson, subscriber: User
) -> None:
    page = context_for(subscriber, java_script_enabled=False).new_page()
    page.goto(lesson.get_absolute_url())
    expect(page.locator(".player-note")).to_contain_text("Playing here needs JavaScript.")
    expect(page.locator(".player-note a")).to_have_attribute("href", lesson.files.get(role="media").get_absolute_url())
    for dead in (".player-start", "video"):
        expect(page.locator(dead)).to_be_hidden()


def test_a_lesson_whose_scripts_never_come_says_so(
    context_for: Callable[..., BrowserContext], lesson: Lesson, subscriber: User
) -> None:
    page = context_for(subscriber).new_page()
    page.route(re.compile(r"\.js$"), lambda route: route.abort())
    page.goto(lesson.get_absolute_url())
    expect(page.locator(".player-note")).to_be_hidden()
    expect(page.locator(".player-note")).to_be_visible(timeout=15_000)
