"""The API's manners: keys, unknown parameters, idempotency, paging, expansion, errors."""

import urllib.request
from typing import Any

import pytest
from stripe import AuthenticationError, IdempotencyError, InvalidRequestError, RateLimitError, StripeClient

from sandbox.stripe import StripeServer


def test_a_wrong_key_is_refused(sandbox: StripeServer) -> None:
    stranger = StripeClient("sk_test_other", base_addresses={"api": sandbox.url})
    with pytest.raises(AuthenticationError):
        stranger.v1.customers.list()


def test_no_cookie_is_ever_set(sandbox: StripeServer) -> None:
    with urllib.request.urlopen(sandbox.url + "/") as response:
        assert response.headers.get("Set-Cookie") is None
        assert "script-src" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported"),
        ({"ui_mode": "hosted"}, "parameter_invalid"),
        ({"colour": "red"}, "parameter_unknown"),
        ({"subscription_data": {"colour": "red"}}, "parameter_unknown"),
        ({"success_url": ""}, "parameter_missing"),
        ({"line_items": [{"price": "price_none"}]}, "resource_missing"),
        ({"mode": "payment"}, "parameter_invalid"),
        ({"expires_at": 5}, "parameter_invalid"),
        ({"automatic_tax": {"enabled": True}}, "parameter_invalid"),
    ],
)
def test_checkout_refuses_what_stripe_refuses(checkout: Any, monthly: Any, params: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        checkout(monthly, **params)
    assert refused.value.code == code


def test_an_inactive_price_is_not_sold(api: StripeClient, checkout: Any, monthly: Any) -> None:
    api.v1.prices.update(monthly.id, {"active": False})
    with pytest.raises(InvalidRequestError, match="inactive"):
        checkout(monthly)


def test_the_same_idempotency_key_gives_the_same_answer(api: StripeClient) -> None:
    options: Any = {"idempotency_key": "customer:7"}
    first = api.v1.customers.create({"email": "sam@example.com"}, options=options)
    second = api.v1.customers.create({"email": "sam@example.com"}, options=options)
    assert first.id == second.id
    with pytest.raises(IdempotencyError, match="idempotent requests"):
        api.v1.customers.create({"email": "other@example.com"}, options=options)
    assert len(api.v1.customers.list().data) == 1


def test_lists_come_in_pages_newest_first(api: StripeClient) -> None:
    made = [api.v1.customers.create({"email": f"{n}@example.com"}).id for n in range(5)]
    page = api.v1.customers.list({"limit": 2})
    assert ([one.id for one in page.data], page.has_more) == ([made[4], made[3]], True)
    page = api.v1.customers.list({"limit": 2, "starting_after": made[1]})
    assert ([one.id for one in page.data], page.has_more) == ([made[0]], False)
    assert [one.id for one in api.v1.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]


def test_expansion_puts_the_object_in_place_of_its_id(api: StripeClient, monthly: Any) -> None:
    product: Any = api.v1.prices.list({"expand": ["data.product"]}).data[0].product
    assert product.name == "Membership"
    with pytest.raises(InvalidRequestError, match="cannot be expanded"):
        api.v1.prices.retrieve(monthly.id, {"expand": ["colour"]})


def test_a_deleted_customer_says_so(api: StripeClient) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    api.v1.customers.delete(customer.id)
    assert api.v1.customers.retrieve(customer.id).deleted
    assert api.v1.customers.list().data == []
    with pytest.raises(InvalidRequestError) as refused:
        api.v1.billing_portal.sessions.create({"customer": customer.id})
    assert refused.value.code == "resource_missing"


def test_private_notes_never_leave(api: StripeClient, checkout: Any, monthly: Any) -> None:
    session = checkout(monthly).to_dict(for_json=True)
    assert not [name for name in session if name.startswith("_")]


def test_faults_are_made_on_request(sandbox: StripeServer, api: StripeClient) -> None:
    sandbox.fail_next("429", times=1, path="customers")
    with pytest.raises(RateLimitError):
        api.v1.customers.list()
    assert api.v1.customers.list().data == []
