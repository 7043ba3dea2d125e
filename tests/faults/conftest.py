import pytest

from sandbox.stripe import StripeServer
from tests import build


@pytest.fixture
def crowd(transactional_db: None, stripe: StripeServer) -> list[int]:
    """Ten people, by their pk."""
    return [build.person().pk for _ in range(10)]
