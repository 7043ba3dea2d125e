"""The workshop in a real browser: the outline by drag and by keyboard, Undo, words beside what they become, and looking as others."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from billing.models import Product
from courses.models import Course, Lesson, Section
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def course(db: None) -> Course:
    """Water: a, b, c; Moon: d."""
    made: Course = build.course(title="Reading the tide", slug="tide", state="draft", published_at=None)
    for name, titles in (("Water", "abc"), ("Moon", "d")):
        section = Section.objects.create(course=made, title=name)
        for title in titles:
            Lesson.objects.create(section=section, title=title, slug=title)
    return made


@pytest.fixture
def desk(context_for: Callable[..., BrowserContext], owner: User, course: Course) -> Page:
    page = context_for(owner, viewport={"width": 1280, "height": 900}).new_page()
    page.on("console", lambda message: refuse(message.text))
    page.on("pageerror", lambda error: refuse(f"Content Security Policy {error}"))
    page.goto(f"/admin/courses/course/{course.pk}/change/")
    return page


def refuse(text: str) -> None:
    assert "Content Security Policy" not in text, text


def order() -> str:
    sections = Section.objects.prefetch_related("lessons")
    return " ".join(f"{each.title}:{''.join(one.title for one in each.lessons.all())}" for each in sections)


def grip(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^Move the (lesson|section) “{name}”$"))


def said(page: Page, words: str) -> None:
    expect(page.locator(".outline-said [data-said]")).to_contain_text(words)


def test_26_lessons_and_sections_move_by_keyboard_are_announced_and_undone(desk: Page) -> None:
    grip(desk, "a").focus()
    desk.keyboard.press("ArrowDown")
    said(desk, "“a” is now lesson 2 of 3 in “Water”.")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    said(desk, "“a” is now lesson 1 of 2 in “Moon”.")
    assert order() == "Water:bc Moon:ad"
    expect(grip(desk, "a")).to_be_focused()
    desk.get_by_role("button", name="Move “Moon” up").focus()
    desk.keyboard.press("Enter")
    said(desk, "“Moon” is now section 1 of 2.")
    assert order() == "Moon:ad Water:bc"
    desk.get_by_role("button", name="Undo").click()
    said(desk, "Undone. “Moon” is now section 2 of 2.")
    for _ in range(3):
        desk.keyboard.press("Control+z")
    said(desk, "Undone. “a” is now lesson 1 of 3 in “Water”.")
    expect(desk.get_by_role("button", name="Undo")).to_be_hidden()
    assert order() == "Water:abc Moon:d"


def pull(page: Page, what: Locator, onto: Locator, *, below: bool, let_go: bool = True) -> None:
    """Press, drag to just above or below a row, and let go."""
    start, goal = what.bounding_box(), onto.bounding_box()
    assert start
    assert goal
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 12, start["y"] + 25, steps=2)
    page.mouse.move(goal["x"] + 30, goal["y"] + (goal["height"] - 3 if below else 3), steps=6)
    if let_go:
        page.mouse.up()


def row(page: Page, title: str) -> Locator:
    return page.locator(f".o-lesson:has(input[value='{title}'])")


def test_26_lessons_and_sections_are_dragged_saved_at_once_and_undone(desk: Page) -> None:
    pull(desk, grip(desk, "c"), row(desk, "a"), below=False)
    said(desk, "“c” is now lesson 1 of 3 in “Water”.")
    assert order() == "Water:cab Moon:d"
    pull(desk, grip(desk, "a"), row(desk, "d"), below=True)
    said(desk, "“a” is now lesson 2 of 2 in “Moon”.")
    assert order() == "Water:cb Moon:da"
    desk.get_by_role("button", name="Undo").click()
    said(desk, "Undone.")
    assert order() == "Water:cab Moon:d"
    pull(desk, grip(desk, "Moon"), desk.locator(".o-section").first, below=False)
    said(desk, "“Moon” is now section 1 of 2.")
    assert order() == "Moon:d Water:cab"
    pull(desk, grip(desk, "b"), row(desk, "d"), below=False, let_go=False)
    desk.keyboard.press("Escape")
    desk.mouse.up()
    said(desk, "Put back where it was.")
    assert order() == "Moon:d Water:cab"
    expect(desk.locator(".o-lesson .o-title")).to_have_count(4)


def test_26_a_finger_drags_too(context_for: Callable[..., BrowserContext], owner: User, course: Course) -> None:
    page = context_for(owner, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(f"/admin/courses/course/{course.pk}/change/")
    page.locator("#outline").scroll_into_view_if_needed()
    start, goal = grip(page, "b").bounding_box(), row(page, "a").bounding_box()
    assert start
    assert goal
    wire = page.context.new_cdp_session(page)
    x, y = start["x"] + 10, start["y"] + 10
    wire.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        point = {"x": x, "y": y + (goal["y"] + 2 - y) * step / 8}
        wire.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    said(page, "“b” is now lesson 1 of 3 in “Water”.")
    assert order() == "Water:bac Moon:d"


def test_titles_and_previews_change_in_place_and_what_another_did_is_kept(desk: Page) -> None:
    moved = Lesson.objects.get(title="d")
    field = desk.get_by_label("Title of lesson 2").first
    field.fill("Why it moves")
    field.press("Enter")
    said(desk, "Saved: “Why it moves”.")
    # Meanwhile somebody else takes a lesson away; the next answer shows it, and nothing of ours is lost.
    moved.delete()
    desk.get_by_role("button", name="Preview: anybody may open “Why it moves”").click()
    said(desk, "Anybody may open “Why it moves” now.")
    expect(desk.get_by_role("button", name="Preview: anybody may open “Why it moves”")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(row(desk, "d")).to_have_count(0)
    assert Lesson.objects.get(slug="b").preview
    grip(desk, "a").focus()
    desk.keyboard.press("Control+z")
    said(desk, "Undone.")
    assert not Lesson.objects.get(slug="b").preview


def test_a_lost_connection_is_said_and_nothing_is_pretended(desk: Page) -> None:
    desk.context.set_offline(True)
    grip(desk, "a").focus()
    desk.keyboard.press("ArrowDown")
    said(desk, "This did not arrive.")
    pull(desk, grip(desk, "c"), row(desk, "a"), below=False)
    expect(desk.locator(".o-lesson").nth(2).locator(".o-title")).to_have_value("c")
    desk.context.set_offline(False)
    grip(desk, "a").focus()
    desk.keyboard.press("ArrowDown")
    said(desk, "“a” is now lesson 2 of 3")
    assert order() == "Water:bac Moon:d"


def test_markdown_is_shown_as_it_is_typed_and_is_clean(desk: Page) -> None:
    desk.get_by_label("Description").fill("# Tide\n\n**now** <script>alert(1)</script>")
    view = desk.locator(".markdown-preview")
    expect(view.locator("strong")).to_have_text("now")
    expect(view.locator("h2")).to_have_text("Tide")
    expect(view.locator("script")).to_have_count(0)


def test_without_javascript_everything_of_the_outline_works(
    context_for: Callable[..., BrowserContext], owner: User, course: Course
) -> None:
    page = context_for(owner, java_script_enabled=False).new_page()
    page.goto(f"/admin/courses/course/{course.pk}/change/")
    page.get_by_role("button", name="Move “a” down").click()
    expect(page.locator(".messagelist")).to_contain_text("“a” is now lesson 2 of 3")
    page.get_by_label("Title of lesson 1").first.fill("B")
    page.get_by_label("Title of lesson 1").first.press("Enter")
    page.get_by_label("New lesson in “Moon”").fill("e")
    page.get_by_label("New lesson in “Moon”").press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("is added")
    assert order() == "Water:Bac Moon:de"
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview", exact=True).last.click()
    expect(opened.value.get_by_role("heading", name="Preview of the text")).to_be_visible()


def test_27_owner_looks_as_a_member_and_leaves(desk: Page, plan: Product) -> None:
    desk.get_by_text("View as…").click()
    desk.get_by_role("link", name="a member", exact=True).click()
    bar = desk.get_by_role("region", name="Looking as somebody else")
    expect(bar).to_contain_text("You see this as a member does.")
    desk.get_by_role("link", name="Begin").click()
    expect(desk).to_have_url(re.compile("/as/member/courses/tide/a/$"))
    bar.get_by_role("link", name="a visitor", exact=True).click()
    expect(desk.get_by_text("asked to sign in here")).to_be_visible()
    bar.get_by_role("link", name="Leave").click()
    expect(desk).to_have_url(re.compile("/admin/courses/course/[0-9]+/change/$"))
