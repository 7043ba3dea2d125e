"""The currency that a reader sees: picked, local, or the owner's first."""

import pytest
from django.test import Client

from billing.models import Price, Product
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(plan: Product) -> Product:
    build.price(plan, currency="usd", unit_amount=1200)
    build.price(plan, currency="eur", unit_amount=1100)
    build.price(plan, currency="eur", unit_amount=11_000, interval=Price.Interval.YEAR)
    return plan


def shown(page: str) -> set[str]:
    return {sign for sign in ("$12", "€11", "€110") if sign in page}


@pytest.mark.parametrize(
    ("language", "prices"),
    [
        ("", {"$12"}),
        ("en", {"$12"}),
        ("en-US,en;q=0.9", {"$12"}),
        ("en-IE,en;q=0.9", {"€11", "€110"}),
        ("en-JP", {"$12"}),
        ("x-y-z-\u00e9", {"$12"}),
        ("en-99", {"$12"}),
    ],
)
def test_plans_are_shown_in_the_readers_currency_or_the_owners_first(
    both: Product, language: str, prices: set[str]
) -> None:
    assert shown(Client(headers={"Accept-Language": language}).get("/plans/").content.decode()) == prices


def test_a_currency_once_picked_is_kept_on_every_page(both: Product, client: Client) -> None:
    title = build.ebook()
    assert shown(client.get("/plans/?currency=eur").content.decode()) == {"€11", "€110"}
    assert shown(client.get("/plans/").content.decode()) == {"€11", "€110"}
    assert "€11" in client.get(title.get_absolute_url()).content.decode()
    assert "€11" in client.get("/").content.decode()


def test_a_currency_nobody_sells_in_changes_nothing(both: Product, client: Client) -> None:
    assert shown(client.get("/plans/?currency=xxx").content.decode()) == {"$12"}


def test_a_plan_without_a_price_in_the_currency_keeps_its_own(both: Product, client: Client) -> None:
    build.price(build.plan(name="Patron"), currency="gbp", unit_amount=2500)
    assert "£25" in client.get("/plans/?currency=eur").content.decode()


def test_an_offer_names_each_plan_once_and_what_is_sold_outright_first(both: Product, client: Client) -> None:
    title, item = build.ebook(access="members"), build.item(name="The book alone")
    title.products.add(item)
    build.price(item, currency="eur", unit_amount=1800, interval=Price.Interval.ONCE)
    page = client.get(title.get_absolute_url() + "?currency=eur").content.decode()
    assert page.index("€18") < page.index("€11")
    assert "€110" not in page
