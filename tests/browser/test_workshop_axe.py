"""Every page of the workshop that is ours, on a phone and at a desk, in light and dark: axe finds nothing, nothing is refused."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext

from accounts.models import User
from billing.models import Grant, Product
from config import audit
from courses.models import Course, Lesson, PreviewLink, Topic
from tests import build
from tests.browser.test_axe import RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def course(db: None) -> Course:
    made: Course = build.course(title="Reading the tide", slug="tide", state="draft", published_at=None)
    for title in "abc":
        build.lesson(made, title=title, slug=title)
    return made


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_20_everybody_can_use_every_page_of_the_workshop(
    context_for: Callable[..., BrowserContext],
    owner: User,
    course: Course,
    plan: Product,
    newcomer: User,
    width: int,
    scheme: str,
) -> None:
    book, lesson, product = build.ebook(title="Slack water"), Lesson.objects.get(title="a"), build.item()
    build.file(lesson, role="media")
    file = build.file(book)
    build.version(file, ready=False, state="rejected", problem="This is no PDF.")
    course.products.add(product)
    PreviewLink.objects.create(pk=book.pk)
    Topic.objects.create(name="Tides", slug="tides")
    Grant.objects.create(user=newcomer, product=product, reason="gift")
    audit.record("test.made", actor=owner, target=book)
    begun = f"/admin/courses/course/{course.pk}/"
    pages = [f"{begun}change/", f"/admin/courses/ebook/{book.pk}/change/", f"/admin/courses/lesson/{lesson.pk}/change/"]
    pages.append(f"/admin/courses/file/{file.pk}/change/")
    pages += [
        "/admin/courses/course/?q=tide&state=draft",
        "/admin/courses/course/add/",
        f"{begun}as/member/courses/tide/",
    ]
    if scheme == "light":
        pages += [f"{begun}as/visitor/courses/tide/a/", f"{begun}delete/", "/admin/config/auditentry/"]
        pages += [f"/admin/courses/{kind}/" for kind in ("lesson", "topic", "file", "download")]
    page = context_for(owner, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    refused: list[str] = []
    page.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.on("pageerror", lambda error: refused.append(str(error)))
    found = {}
    for path in pages:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500
        page.evaluate("document.querySelectorAll('.title-desk details').forEach((each) => (each.open = true))")
        assert refused == []
        violations = Axe().run(page, options=RULES).response["violations"]
        refused.clear()  # Axe itself reads imported stylesheets by a style element.
        found[path] = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if path.endswith(("change/", "add/", "tide/")):
            assert wide <= width, f"{path} scrolls sideways at {width}: {wide}"
    assert {path: each for path, each in found.items() if each} == {}
