"""What a form of the admin may say that no page of ours would: found by throwing requests at it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from tests import build
from tests.conftest import ClientFor
from tests.visits import Visit

pytestmark = pytest.mark.django_db
Knock = Callable[..., Visit]


@pytest.mark.parametrize("value", ["*", "", "1; DROP TABLE x", "\0", "9" * 40, "-9223372036854775809"])
@pytest.mark.parametrize("kind", ["courses/file", "courses/topic", "accounts/user"])
def test_owner_who_selects_what_is_no_row_is_refused(owner: User, knock: Knock, kind: str, value: str) -> None:
    build.file()
    form: dict[str, Any] = {"action": "delete_selected", "_selected_action": [value]}
    visit = knock(ClientFor(owner), "post", f"/admin/{kind}/", form)
    if kind == "courses/file" and value:
        visit.refused(400)
    assert visit.status < 500
    assert visit.before == visit.after


@pytest.mark.parametrize("step", ["start", "sign"])
def test_owner_who_sends_a_form_where_json_is_asked_for_is_told(owner: User, step: str) -> None:
    """With a token looked for in the body, as on a real site, the body has been read when the view asks for it."""
    signing = reverse("admin:courses_upload_sign", args=[build.file(ready=False).versions.get().pk])
    address = {"start": "/admin/courses/file/uploads/", "sign": signing}[step]
    browser = ClientFor(owner)
    browser.handler.enforce_csrf_checks = True
    page = browser.get("/admin/courses/file/")
    form = {"csrfmiddlewaretoken": page.context["csrf_token"], "size": "1"}
    answer = browser.post(address, form)
    assert answer.status_code == 400
    assert answer.json() == {"error": "Send a JSON object."}
