"""Reading a book in a real Chromium, in its own viewer, within a page of the site."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as project
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from courses.models import Download, File
from tests import build
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PDF = Path(project.BASE_DIR) / "sandbox/library/assets/books/slack-water-sample.pdf"


@pytest.fixture
def file(stage: Stage) -> File:
    file = build.file(build.ebook(title="Slack water", slug="slack"), name="Slack water")
    stage.store(file, PDF.read_bytes())
    return file


def read(page: Page, stage: Stage, refused: list[str]) -> None:
    """Click on Read, and see the bucket hand the book to the frame."""
    page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    page.goto("/ebooks/slack/")
    with page.expect_response(lambda answer: answer.url.startswith(stage.bucket)) as arriving:
        page.get_by_role("link", name="Read").first.click()
    answer = arriving.value
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline")


@pytest.mark.parametrize("scripts", [True, False], ids=["JavaScript on", "JavaScript off"])
def test_15_a_member_reads_a_book_in_the_page_and_again_after_a_reload(
    context_for: Callable[..., BrowserContext], subscriber: User, stage: Stage, file: File, scripts: bool
) -> None:
    page = context_for(subscriber, java_script_enabled=scripts).new_page()
    refused: list[str] = []
    read(page, stage, refused)
    expect(page).to_have_url(re.compile(f"/files/{file.pk}/read/$"))
    expect(page.locator("iframe")).to_be_visible()
    assert "X-Amz" not in page.content(), "the address is the frame's own business"
    with page.expect_response(re.compile("/open/$")) as asked:
        page.get_by_role("link", name="Load it again").click()
    assert asked.value.status == 302
    assert Download.objects.filter(user=subscriber, purpose="play").count() == 2
    assert refused == []


def test_a_visitor_reads_a_sample(page: Page, stage: Stage, file: File) -> None:
    sample = build.file(file.publication.ebook, name="One chapter", role="sample")
    stage.store(sample, PDF.read_bytes())
    refused: list[str] = []
    read(page, stage, refused)
    expect(page.get_by_role("link", name="See what opens the whole")).to_be_visible()
    assert refused == []


def test_a_telephone_opens_the_book_in_a_tab_of_its_own(
    context_for: Callable[..., BrowserContext], subscriber: User, file: File, stage: Stage
) -> None:
    """Safari on a telephone shows the first page of a framed PDF and no more; Chromium there shows none."""
    context = context_for(subscriber, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"/files/{file.pk}/read/")
    expect(page.locator("iframe")).to_be_hidden()
    page.wait_for_timeout(500)
    assert not Download.objects.exists(), "a frame that nobody sees asks for nothing"
    way = page.get_by_role("link", name=re.compile("Open the PDF"))
    assert way.get_attribute("target") == "_blank"
    answer = page.request.get(str(way.get_attribute("href")))
    assert answer.body() == PDF.read_bytes()
    assert answer.headers["content-disposition"].startswith("inline")
