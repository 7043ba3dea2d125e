"""Money in a real browser, with JavaScript and without: paying as a guest, cancelling in three clicks, a payment that failed."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.utils.formats import date_format
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from billing.models import Customer, Invoice, Product, Subscription
from sandbox.stripe import StripeServer
from tests import build
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[True, False], ids=["JavaScript on", "JavaScript off"])
def visitor(request: pytest.FixtureRequest, chromium: Browser, stage: Stage) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(base_url=stage.site, java_script_enabled=request.param)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def membership(stage: Stage) -> Product:
    return stage.sell("Membership", monthly=1200, yearly=12000)


def sign_in(page: Page, person: User) -> None:
    page.goto("/account/login/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").first.fill(build.PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/library/"))


def subscribe(page: Page, stripe: StripeServer) -> None:
    """From the plans to Stripe in one click, and pay."""
    page.goto("/plans/")
    page.get_by_role("button", name=re.compile("Subscribe to Membership for [$]12 ")).click()
    expect(page).to_have_url(re.compile(f"^{re.escape(stripe.url)}"))


def pay_as_guest(page: Page, stripe: StripeServer, work: Callable[..., int]) -> str:
    """Pay without an account, and return the mail that comes of it."""
    subscribe(page, stripe)
    page.get_by_label("E-mail").fill("gus@example.com")
    page.locator("button[name=outcome][value=pay]").click()
    expect(page.get_by_role("heading", name="Paid. Thank you!")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("We have sent a code to g•••@example.com.")).to_be_visible()
    work()
    (letter,) = [each.body for each in mail.outbox if "/account/claim/" in each.body]
    return str(letter)


def test_02_04_guest_pays_and_gets_in_by_the_code(
    visitor: Page, stripe: StripeServer, membership: Product, work: Callable[..., int]
) -> None:
    page = visitor
    letter = pay_as_guest(page, stripe, work)
    (code,) = re.findall(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$", letter, re.MULTILINE)

    # A wrong code says nothing but that it does not work; the right one, typed carelessly, opens the library.
    page.get_by_label("Code").fill("ABCDE-FGHJK")
    page.get_by_role("button", name="Claim it").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("This code does not work"))
    page.get_by_label("Code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Claim it").click()
    expect(page).to_have_url(re.compile("/library/"))
    expect(page.get_by_text("Welcome! What you bought is open to you.")).to_be_visible()
    assert Subscription.objects.get().customer.user == User.objects.get(email="gus@example.com")

    # The account is theirs to keep: a password can be chosen.
    page.goto("/account/")
    page.get_by_role("link", name="Choose a password").click()
    expect(page.get_by_label("New password", exact=True)).to_be_visible()


def test_04_guest_opens_the_link_in_the_mail_on_another_machine(
    visitor: Page, stripe: StripeServer, membership: Product, chromium: Browser, work: Callable[..., int]
) -> None:
    """The mail is read elsewhere, and the account with that address stands there already: it is signed into first."""
    person = build.person("gus@example.com")
    letter = pay_as_guest(visitor, stripe, work)
    (link,) = re.findall(r"https?://\S+/account/claim/\S+", letter)
    elsewhere = chromium.new_context().new_page()
    elsewhere.goto(link)
    expect(elsewhere.get_by_role("heading", name="This waits for you")).to_be_visible()
    elsewhere.get_by_role("button", name="Claim it").click()
    elsewhere.get_by_label("E-mail").fill(person.email)
    elsewhere.get_by_label("Password").first.fill(build.PASSWORD)
    elsewhere.locator("main form button[type=submit]").first.click()
    expect(elsewhere).to_have_url(re.compile("/library/"))
    assert Customer.objects.get().user == person
    elsewhere.context.close()


def test_02_person_s_address_is_filled_in_at_stripe(
    visitor: Page, stripe: StripeServer, membership: Product, newcomer: User
) -> None:
    sign_in(visitor, newcomer)
    subscribe(visitor, stripe)
    expect(visitor.get_by_text(newcomer.email)).to_be_visible()


def test_year_and_month_are_toggled(visitor: Page, membership: Product) -> None:
    page = visitor
    page.goto("/plans/")
    expect(page.get_by_role("button", name=re.compile("Subscribe to Membership"))).to_have_count(1)
    page.get_by_label("By the year").check()
    expect(page.get_by_role("button", name=re.compile("Subscribe to Membership for [$]120 a year"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Subscribe to Membership"))).to_have_count(1)
    expect(page.get_by_text("Saves $24 a year (16%)")).to_be_visible()


def test_03_waiting_page_turns_into_the_library_by_itself(
    visitor: Page, stripe: StripeServer, membership: Product, newcomer: User
) -> None:
    """No bell rings and Stripe is away for the first looks: the page waits without an error, and then it is there."""
    page = visitor
    sign_in(page, newcomer)
    subscribe(page, stripe)
    stripe.sender.main_url = None
    stripe.fail_next("503", times=4, path="/v1/checkout/sessions/")
    page.locator("button[name=outcome][value=pay]").click()
    expect(page.get_by_role("heading", name="Setting up your access")).to_be_visible()
    expect(page).to_have_url(re.compile("/library/"), timeout=10_000)


def test_17_member_cancels_in_three_clicks_and_keeps_access_to_the_day(
    visitor: Page, stripe: StripeServer, membership: Product, newcomer: User
) -> None:
    page = visitor
    sign_in(page, newcomer)
    subscribe(page, stripe)
    page.locator("button[name=outcome][value=pay]").click()
    expect(page).to_have_url(re.compile("/library/"), timeout=15_000)
    page.goto("/account/")
    page.get_by_role("button", name="Cancel the plan").click()
    page.get_by_role("button", name="Cancel subscription").click()
    expect(page).to_have_url(re.compile("/account/$"))
    until = date_format(Subscription.objects.get().current_period_end, "DATE_FORMAT")
    expect(page.get_by_text(f"Cancelled. You keep access until {until}.")).to_be_visible()
    page.goto("/library/")
    expect(page.get_by_text(f"ends on {until}")).to_be_visible()


def test_18_late_payer_sets_it_right_with_one_button(
    visitor: Page, stripe: StripeServer, membership: Product, newcomer: User
) -> None:
    page = visitor
    sign_in(page, newcomer)
    subscribe(page, stripe)
    page.locator("button[name=outcome][value=pay]").click()
    expect(page).to_have_url(re.compile("/library/"), timeout=15_000)
    stripe.renew(Subscription.objects.get().stripe_id, card="declines")
    stripe.settle(10)
    page.goto("/")
    banner = page.locator(".banner")
    expect(banner).to_contain_text("Everything stays open to you until")
    expect(banner.locator("a, button")).to_have_count(1)
    banner.locator("a, button").click()
    expect(page).to_have_url(re.compile(f"^{re.escape(stripe.url)}/i/"))
    page.locator("button[name=outcome][value=pay]").click()
    stripe.settle(10)
    assert not Invoice.objects.filter(status="open").exists()
    page.goto("/account/")
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.get_by_text("Active")).to_be_visible()
