"""Every address that takes a POST wants a token of ours, but the webhook, which wants Stripe's signature, and the mail programs' button."""

from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import ClientFor
from tests.fuzz import people
from tests.fuzz.addresses import doors

# Machines post to both without a cookie: Stripe, whose bells are signed, and mail programs, whose token is (RFC 8058).
EXEMPT = {"webhook", "stop_news"}


def views(patterns: list[Any]) -> list[URLPattern]:
    found: list[URLPattern] = []
    for pattern in patterns:
        found += views(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


def test_no_view_but_those_for_machines_is_excused() -> None:
    excused = {
        pattern.name
        for pattern in views(get_resolver().url_patterns)
        if getattr(pattern.callback, "csrf_exempt", False)
    }
    assert excused - {None} == EXEMPT


@pytest.mark.django_db
def test_owner_does_nothing_by_a_form_of_another_site(now: datetime) -> None:
    everybody = people.everybody(now)
    people.shelf()
    browser: Client = ClientFor(everybody["superuser"])  # type: ignore[arg-type]
    browser.handler.enforce_csrf_checks = True
    real, dice, asked = people.rows(), Random(3), 0
    for door in doors():
        if door.name in EXEMPT:
            continue
        addresses = {door.address(dice, real) for _ in range(3)}
        answers = {
            browser.post(address, headers={"Origin": "https://evil.example"}).status_code for address in addresses
        }
        asked += 403 in answers
        assert answers <= {403, 404}, door
    assert asked > 150
