"""The page of plans, and money as people read it."""

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from billing.models import Price, Product
from billing.money import formatted
from tests import build
from tests.billing.till import Till


@pytest.mark.django_db
def test_visitor_sees_each_plan_with_its_prices_trial_and_contents(django_assert_max_num_queries: Any) -> None:
    plan = build.plan(name="Readers", description="For readers.", features=["Every book", "No ads"])
    build.price(plan, unit_amount=1200)
    build.price(plan, unit_amount=12050, interval="year", trial_days=14)
    build.price(plan, unit_amount=1, active=False, currency="jpy")
    build.price(build.item(name="Atlas"), interval="once", unit_amount=777)
    build.price(build.plan(name="Withdrawn", active=False))
    with django_assert_max_num_queries(2):
        page = Client().get("/plans/").content.decode()
    for text in (
        "Readers",
        "For readers.",
        "Every book",
        "$12",
        "a month",
        "$120.50",
        "a year",
        "first 14 days are free",
    ):
        assert text in page
    for text in ("¥", "Atlas", "Withdrawn"):
        assert text not in page
    assert page.count("/checkout/price_") == 2


@pytest.mark.django_db
def test_visitor_of_an_empty_shop_is_told_what_to_do() -> None:
    assert "No plan is for sale right now" in Client().get("/plans/").content.decode()


@pytest.mark.django_db
def test_member_is_shown_their_plan_and_no_second_button(subscriber: User, plan: Product, client_for: Any) -> None:
    build.price(plan)
    page = client_for(subscriber).get("/plans/").content.decode()
    assert "Manage billing" in page
    assert "Subscribe" not in page


@pytest.mark.django_db
def test_webhooks_and_command_agree_on_what_a_price_is(till: Till) -> None:
    price = till.sell("Plan", amount=1500)
    yen = till.price(
        price.product.stripe_id, amount=1500, currency="jpy", interval="year", metadata={"trial_days": "7"}
    )
    assert (yen.currency, yen.trial_days, yen.interval) == ("jpy", 7, "year")
    assert Price.objects.for_sale().count() == 2


@pytest.mark.django_db
def test_visitor_reads_what_a_year_saves_and_may_toggle_without_scripts() -> None:
    plan = build.plan(name="Readers")
    build.price(plan, unit_amount=1200)
    build.price(plan, unit_amount=12000, interval="year")
    only = build.plan(name="Monthly only")
    build.price(only, unit_amount=500)
    page = Client().get("/plans/").content.decode()
    assert "Saves $24 a year (16%)" in page
    assert page.count('type="radio"') == 2
    assert page.count("data-rhythm=") == 2
    assert 'id="rhythm-month" checked' in page
    assert 'id="rhythm-year" checked' in Client().get("/plans/?interval=year").content.decode()


@pytest.mark.django_db
def test_visitor_sees_no_saving_that_is_none() -> None:
    plan = build.plan()
    build.price(plan, unit_amount=1000)
    build.price(plan, unit_amount=12000, interval="year")
    build.price(plan, unit_amount=9000, interval="year", currency="eur")
    assert "Saves" not in Client().get("/plans/").content.decode()


@pytest.mark.django_db
def test_visitor_reads_whether_a_trial_wants_a_card(settings: Any) -> None:
    settings.STRIPE_AUTOMATIC_TAX = True
    plan = build.plan()
    build.price(plan, trial_days=14, trial_card=False)
    page = Client().get("/plans/").content.decode()
    assert "No card needed to begin." in page
    assert "Tax is worked out there" in page
    assert "You need no account to begin" in page


@pytest.mark.django_db
def test_person_who_tried_before_is_promised_no_other_trial(lapsed: User, plan: Product, client_for: Any) -> None:
    build.price(plan, trial_days=14)
    page = client_for(lapsed).get("/plans/").content.decode()
    assert "Subscribe" in page
    assert "are free" not in page


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (1200, "usd", "en", "$12"),
        (1250, "usd", "en", "$12.50"),
        (120000, "usd", "en", "$1,200"),
        (1200, "jpy", "en", "¥1,200"),
        (12345, "kwd", "en", "KWD12.345"),
        (1200, "isk", "en", "ISK12"),
        (1250, "afn", "en", "AFN12.50"),
        (950, "eur", "de", "9,50\xa0€"),
        (0, "usd", "en", "$0"),
    ],
)
def test_reader_sees_money_as_their_language_writes_it(amount: int, currency: str, language: str, text: str) -> None:
    with translation.override(language):
        assert formatted(amount, currency) == text
