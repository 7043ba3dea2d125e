from collections.abc import Callable

import pytest
from django.http import HttpResponse

from accounts.models import User
from billing.models import Price
from sandbox.stripe import StripeServer
from tests.billing.till import Till
from tests.conftest import ClientFor


@pytest.fixture
def till(db: None, stripe: StripeServer) -> Till:
    return Till(stripe)


@pytest.fixture
def press(client_for: type[ClientFor]) -> Callable[[User, Price], HttpResponse]:
    """Press the button of a price on the page of plans."""
    return lambda person, price: client_for(person).post(f"/checkout/{price.stripe_id}/")


@pytest.fixture
def member(newcomer: User, till: Till, press: Callable[[User, Price], HttpResponse]) -> User:
    """Nadia has pressed a plan's button and paid at Stripe; no bell has rung yet."""
    till.press(press(newcomer, till.sell()).headers["Location"], "pay")
    return newcomer
