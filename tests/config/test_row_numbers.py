"""Numbers that no row can have are answered like any row that is not there, on every database."""

import pytest
from django.test import Client

from accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.both]
BEYOND = 2**63


@pytest.mark.parametrize(
    "path",
    [
        f"/admin/courses/course/{BEYOND}/outline/",
        f"/admin/courses/course/{BEYOND}/change/",
        f"/admin/courses/sharingsign/-{BEYOND + 1}/change/",
        f"/progress/{'9' * 400}/",
        f"/files/0b7e6c1e-3d2f-4a58-9c1d-5f0a7b3e2d11/{BEYOND}/",
    ],
)
def test_number_beyond_every_row_is_not_found(client_for: type[Client], owner: User, path: str) -> None:
    assert client_for(owner).get(path).status_code == 404
