"""What no row can hold is answered before a database sees it, on every database."""

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


def test_selection_of_a_title_that_no_row_can_be_is_refused(client_for: type[Client], owner: User) -> None:
    form = {"action": "publish", "_selected_action": [str(BEYOND)]}
    assert client_for(owner).post("/admin/courses/course/", form).status_code == 400


def test_nul_in_a_query_of_the_admin_is_refused(client_for: type[Client], owner: User) -> None:
    assert client_for(owner).get("/admin/courses/course/?kind=a%00b").status_code == 400


@pytest.mark.parametrize("method", ["get", "post"])
def test_empty_name_of_a_column_is_a_plain_400(owner: User, client_for: type[Client], method: str) -> None:
    ask = getattr(client_for(owner), method)
    assert ask("/admin/courses/topic/1/delete/?_to_field=").status_code == 400
    if method == "post":
        assert ask("/admin/courses/topic/1/delete/", {"_to_field": ""}).status_code == 400


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000 + "b", "a%00b", "%2e%2e/%2e%2e/etc/passwd"])
def test_name_no_cover_can_have_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/media/{name}").status_code in {400, 404}
    assert client.head(f"/media/{name}").status_code in {400, 404}
