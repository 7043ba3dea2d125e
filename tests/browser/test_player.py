"""Watching in a real Chromium, with real bytes from the bucket through short-lived addresses."""

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import BrowserContext, Page, Route, expect
from playwright.sync_api import Error as PlaywrightError

from accounts.models import User
from billing.models import Subscription
from courses import covers
from courses.models import Download, Lesson, Progress
from tests import build
from tests.browser import screen
from tests.browser.screen import NOW, PLAYING, SOURCE, jump, play
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lesson(stage: Stage) -> Lesson:
    return screen.film(stage)


@pytest.fixture
def watching(context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson) -> Page:
    page = context_for(subscriber).new_page()
    page.goto(lesson.get_absolute_url())
    return page


def place_is_kept(page: Page, least: float, most: float) -> None:
    """Wait until the server holds a place between two seconds; it may have been told before the key was pressed."""
    patience = time.monotonic() + 10
    while not least <= Progress.objects.get().position < most:
        assert time.monotonic() < patience, Progress.objects.get().position
        page.wait_for_timeout(50)


def test_7_a_member_goes_on_within_a_second_of_where_they_were(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson
) -> None:
    Progress.objects.create(user=subscriber, lesson=lesson, position=12.5)
    page = context_for(subscriber).new_page()
    page.goto("/")
    page.get_by_role("link", name=re.compile("Continue at 0:12")).click()
    assert not Download.objects.exists(), "nothing is minted before the click"
    play(page, beyond=12)
    assert 12 < page.evaluate(NOW) < 14
    cue = "() => [...document.querySelector('video').textTracks][0]?.cues?.length"
    page.evaluate("() => { document.querySelector('video').textTracks[0].mode = 'showing' }")
    page.wait_for_function(cue)


def test_8_the_place_is_kept_on_pausing_and_on_leaving(watching: Page, lesson: Lesson) -> None:
    play(watching, beyond=1)
    with watching.expect_response(re.compile("/progress/")) as saved:
        watching.keyboard.press("k")
    assert saved.value.status == 200
    watching.keyboard.press("k")
    watching.wait_for_function(PLAYING % 1)
    watching.evaluate("document.querySelector('video').currentTime = 20")
    watching.wait_for_function(f"() => {NOW} >= 20 && !document.querySelector('video').seeking")
    watching.wait_for_timeout(300)
    watching.goto("/courses/")
    patience = time.monotonic() + 5
    while Progress.objects.get().position < 20 and time.monotonic() < patience:
        watching.wait_for_timeout(50)
    watching.goto(lesson.get_absolute_url())
    expect(watching.locator(".player-start")).to_have_text(re.compile("0:20"))


@pytest.mark.parametrize("speed", ["1", "2"])
def test_8_a_crash_costs_ten_seconds_at_most(watching: Page, lesson: Lesson, speed: str) -> None:
    """Nothing is paused, left or closed: the page is gone between two words to the server."""
    play(watching)
    watching.locator("[data-part=speed]").select_option(speed)
    watching.wait_for_function(f"() => {NOW} >= 14", timeout=30_000)
    was = watching.evaluate(NOW)
    watching.route(re.compile("/progress/"), lambda route: route.abort())
    with contextlib.suppress(PlaywrightError):
        watching.goto("chrome://crash", timeout=3_000)
    assert was - 10 <= Progress.objects.get().position <= was + 1


def test_11_an_address_that_fails_is_renewed_once_at_the_same_second(
    watching: Page, stage: Stage, subscriber: User, lesson: Lesson
) -> None:
    refused: list[str] = []

    def refuse_first(route: Route) -> None:
        if "video" in route.request.url and not refused:
            refused.append(route.request.url)
            route.fulfill(status=403, body="<Error/>")
        else:
            route.continue_()

    Progress.objects.create(user=subscriber, lesson=lesson, position=15)
    watching.reload()
    watching.route(f"{stage.bucket}/**", refuse_first)
    play(watching, beyond=15)
    assert refused
    assert 15 <= watching.evaluate(NOW) < 17
    expect(watching.locator(".player-note")).to_be_hidden()


def test_a_member_whose_plan_ended_is_told_why(watching: Page, lesson: Lesson) -> None:
    Subscription.objects.update(status="canceled")
    watching.locator(".player-start").click()
    expect(watching.locator(".player-note")).to_contain_text("Your membership has ended. Your place is kept")
    expect(watching.locator(".player-note a")).to_have_attribute("href", lesson.course.get_absolute_url())


def test_9_keys_drive_the_player(watching: Page) -> None:
    video = "document.querySelector('video')"
    watching.keyboard.press("k")
    watching.wait_for_function(PLAYING % 0)
    watching.wait_for_function(f"() => {video}.buffered.length && {video}.buffered.end(0) > 30")
    for key in ("k", " "):
        watching.keyboard.press(key)
        watching.wait_for_function(f"() => {video}.paused")
        watching.keyboard.press(key)
        watching.wait_for_function(f"() => !{video}.paused")
    watching.keyboard.press("k")
    for key, second in (("5", 16), ("ArrowRight", 21), ("ArrowLeft", 16), ("l", 26), ("j", 16), ("0", 0), ("9", 28.8)):
        watching.keyboard.press(key)
        watching.wait_for_function(f"(s) => Math.abs({NOW} - s) < 0.5", arg=second)
    watching.keyboard.press("m")
    assert watching.evaluate(f"{video}.muted")
    for key, speed in ((">", 1.25), (">", 1.5), ("<", 1.25)):
        watching.keyboard.press(key)
        assert watching.evaluate(f"{video}.playbackRate") == speed
    watching.keyboard.press("f")
    watching.wait_for_function("() => document.fullscreenElement")
    watching.keyboard.press("f")
    watching.wait_for_function("() => !document.fullscreenElement")
    watching.keyboard.press("?")
    expect(watching.get_by_role("dialog", name="Keys of the player")).to_be_visible()
    watching.keyboard.press("5")
    assert watching.evaluate(NOW) > 28, "a dialog has the keys to itself"
    watching.keyboard.press("Escape")
    expect(watching.get_by_role("dialog")).to_be_hidden()


def test_9_keys_are_silent_while_somebody_types(watching: Page) -> None:
    play(watching)
    watching.keyboard.press("k")
    at = watching.evaluate(NOW)
    watching.evaluate(
        "() => { const i = document.createElement('input'); document.querySelector('main').append(i); i.focus() }"
    )
    for key in ("k", " ", "j", "l", "m", "f", "c", "<", ">", "5", "?", "ArrowRight"):
        watching.keyboard.press(key)
    assert watching.evaluate("document.activeElement.value") == "k jlmfc<>5?"
    assert watching.evaluate(NOW) == at
    assert not watching.evaluate("document.querySelector('video').muted")


def test_10_speed_and_captions_hold_for_the_next_lesson_and_the_next_visit(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson, stage: Stage
) -> None:
    other = screen.film(stage, lesson.course, title="Springs", slug="springs")
    context = context_for(subscriber)
    page = context.new_page()
    page.goto(lesson.get_absolute_url())
    play(page)
    assert not Download.objects.filter(version__file__role="captions").exists(), "captions come when they are wanted"
    page.get_by_label("Speed").select_option("1.5")
    page.keyboard.press("c")
    page.wait_for_function("() => document.querySelector('video').textTracks[0].cues?.length")
    page.close()
    page = context.new_page()
    page.goto(other.get_absolute_url())
    play(page)
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.5
    page.wait_for_function("() => document.querySelector('video').textTracks[0].activeCues?.length")
    expect(page.get_by_label("Captions")).to_have_value("en")
    page.get_by_label("Captions").select_option("Off")
    page.reload()
    play(page)
    assert page.evaluate("document.querySelector('video').textTracks[0].mode") == "disabled"


def test_10_what_was_chosen_outlives_a_new_address(watching: Page, stage: Stage) -> None:
    play(watching)
    watching.keyboard.press("c")
    watching.keyboard.press(">")
    old = watching.evaluate(SOURCE)
    watching.evaluate("document.querySelector('video').dispatchEvent(new Event('error'))")
    watching.wait_for_function(f"(old) => {SOURCE} !== old", arg=old)
    watching.wait_for_function(PLAYING % 0)
    assert watching.evaluate("document.querySelector('video').playbackRate") == 1.25
    watching.wait_for_function("() => document.querySelector('video').textTracks[0].activeCues?.length")


def test_12_lock_screens_know_title_course_cover_and_place(
    watching: Page, lesson: Lesson, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    cover = settings.BASE_DIR / "sandbox/library/assets/covers/reading-the-tide.webp"
    lesson.course.cover.save("tide.webp", ContentFile(cover.read_bytes()))
    covers.make_sizes.call(lesson.course_id)
    build.lesson(lesson.course, title="Springs", slug="springs")
    lesson.course.refresh_from_db()
    watching.reload()
    watching.evaluate(
        "() => { const own = navigator.mediaSession; own.keys = {}; own.setActionHandler = (key, act) => { own.keys[key] = act; };"
        " own.setPositionState = (state) => { own.told = state; }; }"
    )
    play(watching)
    told = watching.evaluate(
        "(({title, album, artist, artwork}) => ({title, album, artist, artwork: artwork.map((each) => each.src)}))"
        "(navigator.mediaSession.metadata)"
    )
    address = dict(lesson.course.cover_set)[800]
    assert (told["title"], told["album"], told["artist"]) == ("Two bulges", lesson.course.title, lesson.course.author)
    assert [urlsplit(each).path for each in told["artwork"]] == [address]
    picture = watching.request.get(told["artwork"][0])
    assert (picture.status, picture.headers["content-type"]) == (200, "image/webp")
    jump(watching, 20)
    watching.wait_for_function("() => navigator.mediaSession.told?.position >= 20")
    state = watching.evaluate("navigator.mediaSession.told")
    assert (round(state["duration"]), state["playbackRate"]) == (32, 1)
    watching.evaluate("navigator.mediaSession.keys.seekto({seekTime: 5})")
    watching.wait_for_function(f"() => {NOW} >= 5 && {NOW} < 8")
    watching.evaluate("navigator.mediaSession.keys.pause()")
    watching.wait_for_function("() => document.querySelector('video').paused")
    watching.evaluate("navigator.mediaSession.keys.nexttrack()")
    watching.wait_for_url("**/springs/")


def test_chapters_lead_into_the_film_and_can_be_shared(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson
) -> None:
    page = context_for(subscriber).new_page()
    page.goto(lesson.get_absolute_url())
    page.get_by_role("link", name="0:10 Another").click()
    page.wait_for_function(PLAYING % 10)
    assert page.evaluate(NOW) < 12
    expect(page.locator(".chapters [aria-current]")).to_have_text(re.compile("Another"))
    page.get_by_role("link", name="0:24 A day and fifty minutes").click()
    page.wait_for_function(PLAYING % 24)
    page.goto(f"{lesson.get_absolute_url()}?t=10")
    play(page, beyond=10)
    assert page.evaluate(NOW) < 12


def test_nine_tenths_are_done_and_the_next_lesson_is_offered_but_not_begun(
    watching: Page, lesson: Lesson, stage: Stage, subscriber: User
) -> None:
    following = build.lesson(lesson.course, title="Springs", slug="springs", seconds=60)
    watching.reload()
    play(watching)
    expect(watching.get_by_text("0 of 2 lessons done")).to_be_visible()
    with watching.expect_response(re.compile("/progress/")):
        watching.keyboard.press("k")
    watching.keyboard.press("9")
    expect(watching.locator("header .badge")).to_have_text("Done")
    expect(watching.get_by_text("1 of 2 lessons done")).to_be_visible()
    expect(watching.get_by_role("button", name="Not done yet after all")).to_be_visible()
    expect(watching.get_by_role("button", name="Mark as done")).to_be_hidden()
    expect(watching.locator(".onward")).to_be_hidden()
    watching.keyboard.press("k")
    expect(watching.locator(".onward")).to_contain_text("Springs", timeout=15_000)
    assert watching.url.endswith(lesson.get_absolute_url()), "nothing goes on by itself"
    watching.locator(".onward").get_by_role("link", name="Next lesson").click()
    expect(watching).to_have_url(re.compile(following.get_absolute_url()))


def test_the_last_lesson_ends_the_course_clearly(watching: Page, lesson: Lesson) -> None:
    play(watching)
    jump(watching, 29.5)
    expect(watching.get_by_role("heading", name=f"You have finished {lesson.course.title}")).to_be_visible(
        timeout=15_000
    )
    watching.goto(lesson.course.get_absolute_url())
    expect(watching.get_by_role("heading", name=re.compile("You have finished"))).to_be_visible()


def test_a_recording_is_heard_the_same_way(
    context_for: Callable[..., BrowserContext], subscriber: User, stage: Stage
) -> None:
    lesson = screen.recording(stage)
    Progress.objects.create(user=subscriber, lesson=lesson, position=12.5)
    page = context_for(subscriber).new_page()
    page.goto(lesson.get_absolute_url())
    expect(page.locator(".player-start")).to_contain_text("Go on at 0:12")
    play(page, beyond=12)
    assert page.evaluate(NOW) < 14
    page.keyboard.press("c")
    expect(page.locator(".player-words")).to_have_text("The moon pulls.")
    page.get_by_role("link", name="0:20 Water").click()
    page.wait_for_function(PLAYING % 20)
    page.keyboard.press("k")
    place_is_kept(page, 20, 23)
    assert page.evaluate("navigator.mediaSession.metadata.title") == "Wind"


def test_without_javascript_the_lesson_can_be_taken_along(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson
) -> None:
    page = context_for(subscriber, java_script_enabled=False, accept_downloads=True).new_page()
    page.goto(lesson.get_absolute_url())
    with page.expect_download() as arriving:
        page.get_by_role("link", name=re.compile("Download the lesson")).click()
    assert arriving.value.path().read_bytes() == screen.FILM.read_bytes()
