"""Olga owns the site: without a second factor shown today, no page of the admin is hers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver

from accounts.models import User
from tests import build
from tests.accounts import authenticator
from tests.conftest import ClientFor


def addresses(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    """Every address below these patterns, with 1 for whatever a pattern wants to know."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            route = str(pattern.pattern)
            for name, converter in pattern.pattern.converters.items():
                for spelling in (f"<{name}>", f"<int:{name}>", f"<path:{name}>", f"<str:{name}>", f"<uuid:{name}>"):
                    value = (
                        "00000000-0000-4000-8000-000000000001" if "uuid" in type(converter).__name__.lower() else "1"
                    )
                    route = route.replace(spelling, value)
            yield prefix + route


def every_admin_address() -> list[str]:
    found = [address for address in addresses(admin.site.urls[0], "/admin/") if "(?P" not in address]
    assert len(found) > 20
    return [*found, "/admin/nowhere/", "/admin/accounts/", "/admin/doc/"]


def sign_in(client: Client, person: User, **more: str) -> Any:
    return client.post("/account/login/", {"login": person.email, "password": build.PASSWORD} | more)


@pytest.mark.parametrize("method", ["get", "post", "head", "put"])
def test_an_owner_without_a_second_factor_gets_no_admin_page_at_all(client: Client, owner: User, method: str) -> None:
    sign_in(client, owner)
    for address in every_admin_address():
        if address == "/admin/logout/":
            continue
        response = getattr(client, method)(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/account/second-factor/?next=%2Fadmin%2F"), address
    assert client.get("/admin/logout/").status_code == 405


def test_an_owner_with_one_gets_them(client_for: type[ClientFor], owner: User) -> None:
    browser = client_for(owner)
    statuses = [browser.get(address).status_code for address in every_admin_address()]
    assert statuses.count(200) > 5


def test_an_owner_enrols_an_app_and_comes_back_to_the_page_asked_for(client: Client, owner: User) -> None:
    sign_in(client, owner)
    asked = "/admin/accounts/user/?q=nadia"
    page = client.get(asked, follow=True).content.decode()
    assert 'href="/account/2fa/totp/activate/"' in page
    client.get("/account/2fa/totp/activate/")
    client.post("/account/reauthenticate/", {"password": build.PASSWORD, "next": "/account/2fa/totp/activate/"})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    answer = client.post("/account/2fa/totp/activate/", {"code": authenticator.code(secret)}, follow=True)
    assert 'href="/account/second-factor/"' in answer.content.decode()
    asked_for_it = client.get("/account/second-factor/", follow=True)
    assert asked_for_it.request["PATH_INFO"] == "/account/2fa/reauthenticate/"
    answers = {"code": authenticator.code(secret), "next": asked}
    assert client.post("/account/2fa/reauthenticate/", answers)["Location"] == asked
    assert client.get(asked).status_code == 200


def test_an_owner_who_has_one_is_asked_for_it_at_the_door(client: Client, owner: User) -> None:
    secret = authenticator.enrol(owner)
    assert sign_in(client, owner, next="/admin/")["Location"] == "/account/2fa/authenticate/"
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    response = client.post("/account/2fa/authenticate/", {"code": authenticator.code(secret)})
    assert response["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_an_owner_whose_session_never_showed_it_is_asked(client: Client, owner: User) -> None:
    authenticator.enrol(owner)
    client.force_login(owner)
    assert client.get("/admin/?a=1")["Location"] == "/account/2fa/reauthenticate/?next=%2Fadmin%2F%3Fa%3D1"
    assert client.post("/admin/")["Location"] == "/account/2fa/reauthenticate/?next=%2Fadmin%2F"


def test_an_owner_is_asked_again_after_eight_hours(client_for: type[ClientFor], owner: User, now: datetime) -> None:
    browser = client_for(owner)
    with time_machine.travel(now + timedelta(hours=7, minutes=59)):
        assert browser.get("/admin/").status_code == 200
    with time_machine.travel(now + timedelta(hours=8, minutes=1)):
        assert browser.get("/admin/")["Location"].startswith("/account/2fa/reauthenticate/")


def test_an_owner_who_switched_it_off_is_out(client_for: type[ClientFor], owner: User) -> None:
    browser = client_for(owner)
    owner.authenticator_set.all().delete()
    assert browser.get("/admin/")["Location"].startswith("/account/second-factor/")


def test_recovery_codes_alone_are_no_second_factor(client_for: type[ClientFor], owner: User) -> None:
    browser = client_for(owner)
    owner.authenticator_set.exclude(type="recovery_codes").delete()
    assert browser.get("/admin/")["Location"].startswith("/account/second-factor/")


def test_where_it_is_optional_the_owner_passes(client: Client, owner: User, settings: Any) -> None:
    settings.STAFF_MFA = "optional"
    client.force_login(owner)
    assert client.get("/admin/").status_code == 200


def test_strangers_sign_in_by_the_sites_own_door(client: Client, db: None) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2F"


def test_the_admins_own_password_form_lets_nobody_in(client: Client, owner: User) -> None:
    response = client.post("/admin/login/", {"username": owner.email, "password": build.PASSWORD, "next": "/admin/"})
    assert response["Location"].startswith("/account/login/")
    assert "_auth_user_id" not in client.session


def test_a_newcomer_is_refused(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    assert client.get("/admin/", follow=True).status_code == 403


def test_other_pages_pay_nothing_for_it(client: Client, owner: User) -> None:
    client.force_login(owner)
    with CaptureQueriesContext(connection) as queries:
        client.get("/livez/")
    assert len(queries) == 0


@pytest.mark.parametrize("address", ["//evil.example", "@evil.example", "javascript:alert(1)"])
def test_enrolling_never_leads_off_the_site(client_for: type[ClientFor], owner: User, address: str) -> None:
    assert client_for(owner).get("/account/second-factor/", {"next": address})["Location"] == "/admin/"
