"""The main job, as a stranger lives it in a real browser: with JavaScript, and without.

The site, the embedded Stripe (its webhooks ring at the site) and the embedded bucket all listen on real sockets.
"""

import hashlib
import re
from collections.abc import Iterator

import pytest
from django.core import mail
from playwright.sync_api import Browser, BrowserContext, Page, expect

from billing.models import Product
from courses.models import Download, File
from sandbox.stripe import StripeServer
from tests import build
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BYTES = b"%PDF-1.7\n" + bytes(range(256)) * 4096
MONTH = 31 * 24 * 3600


@pytest.fixture(params=[True, False], ids=["JavaScript on", "JavaScript off"])
def visitor(request: pytest.FixtureRequest, chromium: Browser, stage: Stage) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(
        base_url=stage.site, java_script_enabled=request.param, accept_downloads=True
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def book(stage: Stage) -> File:
    title = build.ebook(title="潮の本", slug="tides", summary="When the water comes.", access="members")
    file = build.file(title, name="潮の本")
    stage.store(file, BYTES)
    return file


@pytest.fixture
def membership(stage: Stage) -> Product:
    return stage.sell("Membership", monthly=1200)


def linked(text: str) -> str:
    """Return the first address in a mail."""
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found.group()


def sign_up(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").first.fill(build.PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    assert email in mail.outbox[-1].to
    page.goto(linked(mail.outbox[-1].body))
    confirm = page.locator("main form button[type=submit]")
    if confirm.count():
        confirm.first.click()


def test_a_stranger_becomes_a_member_downloads_cancels_and_is_out(
    visitor: Page, stage: Stage, stripe: StripeServer, book: File, membership: Product
) -> None:
    page = visitor
    # Browsing leads from the front page to the book, and the book says what opens it.
    page.goto("/")
    page.goto("/ebooks/")
    page.get_by_role("link", name="潮の本").first.click()
    expect(page).to_have_url(re.compile("/ebooks/tides/$"))

    # Signing up, with the confirmation mail.
    page.goto("/account/login/")
    page.locator("main").get_by_role("link", name=re.compile("sign up|create", re.I)).first.click()
    sign_up(page, "nadia@example.com")
    if "/login/" in page.url:
        page.get_by_label("E-mail").fill("nadia@example.com")
        page.get_by_label("Password").first.fill(build.PASSWORD)
        page.locator("main form button[type=submit]").first.click()

    # Checkout at the embedded Stripe, and back to a page that turns into the library.
    page.goto("/plans/")
    page.get_by_role("button", name=re.compile("Subscribe|Choose|Join|Start", re.I)).first.click()
    expect(page).to_have_url(re.compile(f"^{re.escape(stripe.url)}"))
    page.locator("button[name=outcome][value=pay]").click()
    expect(page).to_have_url(re.compile("/library/"), timeout=15_000)

    # The click: exactly the owner's bytes, under a readable name, from the bucket.
    page.goto("/ebooks/tides/")
    with page.expect_download() as arriving:
        page.locator(f"a[href='{book.get_absolute_url()}']").first.click()
    download = arriving.value
    assert download.suggested_filename == "潮の本.pdf"
    assert hashlib.sha256(download.path().read_bytes()).hexdigest() == hashlib.sha256(BYTES).hexdigest()
    assert download.url.startswith(stage.bucket)
    assert Download.objects.count() == 1
    assert "X-Amz" not in page.content()

    # Cancelling in the portal keeps access to the end of what was paid; when that has passed, the link gives an offer.
    page.goto("/account/")
    page.get_by_role("button", name="Cards, addresses and billing").click()
    expect(page).to_have_url(re.compile(f"^{re.escape(stripe.url)}"))
    page.get_by_role("button", name=re.compile("cancel", re.I)).first.click()
    page.get_by_role("button", name=re.compile("cancel", re.I)).first.click()
    stripe.settle(10)
    assert stage.status(page, book.get_absolute_url()) == 302
    stripe.advance(2 * MONTH)
    stripe.settle(10)
    answer = page.goto(book.get_absolute_url())
    assert answer is not None
    assert answer.status == 403
    assert "Membership" in page.content()
    assert "X-Amz" not in page.content()


def test_the_same_link_gives_others_nothing(visitor: Page, book: File, membership: Product) -> None:
    page = visitor
    page.goto(book.get_absolute_url())
    expect(page).to_have_url(re.compile("/account/login/"))
    build.person("lara@example.com")
    page.get_by_label("E-mail").fill("lara@example.com")
    page.get_by_label("Password").first.fill(build.PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page).to_have_url(re.compile(re.escape(book.get_absolute_url())))
    assert "Membership" in page.content()
    assert "X-Amz" not in page.content()
    assert not Download.objects.exists()
