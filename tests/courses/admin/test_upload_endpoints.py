"""The upload endpoints: who may ask, what they answer to nonsense, and that a browser names no key."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses import storage
from courses.models import File, FileVersion
from sandbox.s3 import BucketServer
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
START = "/admin/courses/file/uploads/"


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    """The second factor has tests of its own; here the permission is the question."""
    settings.STAFF_MFA = "optional"


@pytest.fixture
def editor(db: None) -> User:
    person = build.person("edda@example.com", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="change_file"))
    return person


@pytest.fixture
def helper(db: None) -> User:
    """Staff who may read, and change no file."""
    return build.person("hal@example.com", is_staff=True)


def post(browser: Client, address: str, body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return browser.post(address, content, content_type="application/json")


def begin(browser: Client, **fields: Any) -> Any:
    values = {"publication": build.ebook().pk, "role": "book", "name": "tides.pdf", "size": 100}
    return post(browser, START, values | fields)


ENDPOINTS: dict[str, Callable[[int], tuple[str, str]]] = {
    "start": lambda pk: ("post", START),
    "progress": lambda pk: ("get", reverse("admin:courses_upload_progress", args=[pk])),
    "sign": lambda pk: ("post", reverse("admin:courses_upload_sign", args=[pk])),
    "finish": lambda pk: ("post", reverse("admin:courses_upload_finish", args=[pk])),
    "cancel": lambda pk: ("post", reverse("admin:courses_upload_cancel", args=[pk])),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("who", ["nobody", "newcomer", "subscriber", "helper"])
def test_nobody_without_the_permission_gets_anything(
    request: pytest.FixtureRequest, client_for: type[Client], editor: User, who: str, endpoint: str
) -> None:
    author = Client()
    author.force_login(editor)
    version = begin(author).json()["version"]
    browser = Client() if who == "nobody" else client_for(request.getfixturevalue(who))
    method, address = ENDPOINTS[endpoint](version)
    response = (
        getattr(browser, method)(address, b"{}", content_type="application/json")
        if method == "post"
        else browser.get(address)
    )
    assert response.status_code == (403 if who == "helper" else 302)
    assert "X-Amz" not in response.content.decode()
    assert FileVersion.objects.get().state == "uploading"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_staff_without_a_second_factor_are_sent_to_it(editor: User, settings: Any, endpoint: str) -> None:
    browser = Client()
    browser.force_login(editor)
    version = begin(browser).json()["version"]
    settings.STAFF_MFA = "required"
    method, address = ENDPOINTS[endpoint](version)
    assert getattr(browser, method)(address).status_code == 302


@pytest.mark.parametrize("endpoint", [name for name in ENDPOINTS if name != "progress"])
def test_no_csrf_token_no_upload(editor: User, endpoint: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(editor)
    _, address = ENDPOINTS[endpoint](1)
    assert post(browser, address, {}).status_code == 403


def test_editor_uploads_and_the_browser_is_told_no_key_but_in_the_signed_url(
    client_for: type[Client], editor: User
) -> None:
    browser = client_for(editor)
    begun = begin(browser, key="content/mine", bucket="other", acl="public-read")
    version = FileVersion.objects.get()
    assert begun.status_code == 200
    assert set(begun.json()) == {"version", "file", "name", "size", "part_size", "parts", "state", "problem", "there"}
    assert version.key != "content/mine"
    assert version.key not in begun.content.decode()
    assert version.uploaded_by == editor
    signed = post(browser, reverse("admin:courses_upload_sign", args=[version.pk]), {"numbers": [1]}).json()["parts"]
    assert version.key in signed[0]["url"]
    assert "acl" not in signed[0]["url"].lower()


BAD_STARTS = [
    ({"size": 0}, "empty"),
    ({"size": -1}, "empty"),
    ({"size": 10**30}, "whole number"),
    ({"size": 1e30}, "whole number"),
    ({"size": "abc"}, "whole number"),
    ({"size": None}, "whole number"),
    ({"size": True}, "whole number"),
    ({"size": 2**60}, "48.8 TiB"),
    ({"name": 7}, "must be text"),
    ({"name": ""}, "not taken here"),
    ({"name": "tides.html"}, "not taken here"),
    ({"name": "tides.svg"}, "not taken here"),
    ({"name": "film.mp4"}, "not taken here"),
    ({"name": "a\x00b.pdf"}, "must be text"),
    ({"role": "anything"}, "must be one of"),
    ({"role": None}, "must be text"),
    ({"publication": "1; DROP TABLE"}, "whole number"),
    ({"lesson": "x"}, "whole number"),
    ({"file": "not-a-uuid"}, "id of a file"),
    ({"file": 7}, "must be text"),
]


@pytest.mark.parametrize(("fields", "said"), BAD_STARTS, ids=str)
def test_a_bad_start_is_answered_in_words_and_leaves_nothing(
    client_for: type[Client], editor: User, fields: dict[str, Any], said: str
) -> None:
    response = begin(client_for(editor), **fields)
    assert response.status_code == 400
    assert said in response.json()["error"]
    assert not File.objects.exists()
    assert not FileVersion.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"NaN", b"[" * 50_000], ids=repr)
def test_a_body_that_is_no_object_is_answered_in_words(client_for: type[Client], editor: User, body: bytes) -> None:
    response = post(client_for(editor), START, body)
    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    "fields", [{"publication": 10**6}, {"lesson": 10**6}, {"file": "00000000-0000-4000-8000-000000000000"}]
)
def test_what_is_not_there_is_not_found(client_for: type[Client], editor: User, fields: dict[str, Any]) -> None:
    assert begin(client_for(editor), **fields).status_code == 404


@pytest.mark.parametrize(
    "numbers", [None, "1", [0], [2], [10_001], [1, 1], ["1"], [1.5], [], list(range(1, 102))], ids=str
)
def test_bad_part_numbers_are_answered_in_words(client_for: type[Client], editor: User, numbers: Any) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    response = post(browser, reverse("admin:courses_upload_sign", args=[version]), {"numbers": numbers})
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_long_and_strange_name_leaves_the_key_alone(client_for: type[Client], editor: User) -> None:
    assert begin(client_for(editor), name="../../" + "x" * 1000 + ".pdf").status_code == 200
    version = FileVersion.objects.get()
    assert len(version.original_name) == 255
    assert version.key.startswith("content/")
    assert len(version.file.name) <= 255


def test_a_finish_without_the_parts_is_refused_and_can_be_tried_again(client_for: type[Client], editor: User) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    response = post(browser, reverse("admin:courses_upload_finish", args=[version]), {})
    assert (response.status_code, response.json()["error"]) == (400, "Parts of the file have not arrived yet: 1.")
    assert FileVersion.objects.get().state == "uploading"


def test_a_cancelled_first_upload_leaves_no_file_behind(client_for: type[Client], editor: User) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    upload = FileVersion.objects.get()
    assert post(browser, reverse("admin:courses_upload_cancel", args=[version]), {}).json() == {"state": "aborted"}
    assert not File.objects.exists()
    with pytest.raises(storage.NotThere):
        storage.list_parts(upload.key, upload.upload_id)


def test_a_bucket_in_trouble_is_said_and_leaves_no_file(
    client_for: type[Client], editor: User, bucket: BucketServer
) -> None:
    bucket.fail_next(10, kind="InternalError")
    response = begin(client_for(editor))
    bucket.chaos.clear()
    assert response.status_code == 502
    assert "Try again" in response.json()["error"]
    assert not File.objects.exists()


def test_bytes_that_came_another_way_are_described_too(client_for: type[Client], editor: User) -> None:
    version = build.file().versions.get()
    response = client_for(editor).get(reverse("admin:courses_upload_progress", args=[version.pk]))
    assert (response.status_code, response.json()["parts"], response.json()["state"]) == (200, 0, "ready")
