"""The upload endpoints: who may ask, what they answer to nonsense, and that a browser names no key."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.models import AuditEntry
from courses import storage
from courses.models import Course, File, FileVersion, Lesson
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
def test_u45_nobody_without_the_permission_gets_anything(
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
def test_u46_staff_without_a_second_factor_are_sent_to_it(editor: User, settings: Any, endpoint: str) -> None:
    browser = Client()
    browser.force_login(editor)
    version = begin(browser).json()["version"]
    settings.STAFF_MFA = "required"
    method, address = ENDPOINTS[endpoint](version)
    assert getattr(browser, method)(address).status_code == 302


@pytest.mark.parametrize("endpoint", [name for name in ENDPOINTS if name != "progress"])
def test_u47_no_csrf_token_no_upload(editor: User, endpoint: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(editor)
    _, address = ENDPOINTS[endpoint](1)
    assert post(browser, address, {}).status_code == 403


def test_u68_editor_uploads_and_the_browser_is_told_no_key_but_in_the_signed_url(
    client_for: type[Client], editor: User
) -> None:
    browser = client_for(editor)
    begun = begin(browser, key="content/mine", bucket="other", acl="public-read")
    version = FileVersion.objects.get()
    assert begun.status_code == 200
    assert set(begun.json()) == {
        *("version", "file", "name", "size", "part_size", "parts", "state", "problem", "checked"),
        *("there", "fingerprint", "page"),
    }
    assert version.key != "content/mine"
    assert version.key not in begun.content.decode()
    assert version.uploaded_by == editor
    signed = post(browser, reverse("admin:courses_upload_sign", args=[version.pk]), {"numbers": [1]}).json()["parts"]
    assert version.key in signed[0]["url"]
    assert "acl" not in signed[0]["url"].lower()


BAD_STARTS = [
    # u48, u49, u51: sizes that cannot be
    ({"size": 0}, "empty"),
    ({"size": -1}, "empty"),
    ({"size": 10**30}, "whole number"),
    ({"size": 1e30}, "whole number"),
    ({"size": "abc"}, "whole number"),
    ({"size": None}, "whole number"),
    ({"size": True}, "whole number"),
    ({"size": 2**60}, "too large"),
    ({"size": 5 * 1024**3}, "too large"),
    ({"name": "film.vtt", "role": "captions", "size": 6 * 1024**2}, "too large"),
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
    ({"fingerprint": 7}, "must be text"),
    ({"opening": "%%%"}, "base64"),
    ({"opening": 7}, "must be text"),
    ({"opening": b64encode(b"<html><script>").decode()}, "like a web page"),
    ({"opening": b64encode(b"MZ\x90\x00").decode()}, "not a PDF"),
    ({"as_lesson": True, "name": "run.exe"}, "not taken here"),
    ({"as_lesson": True, "publication": None, "name": "film.mp4"}, "whole number"),
]


@pytest.mark.parametrize(("fields", "said"), BAD_STARTS, ids=str)
def test_u48_u49_u51_a_bad_start_is_answered_in_words_and_leaves_nothing(
    client_for: type[Client], editor: User, fields: dict[str, Any], said: str
) -> None:
    response = begin(client_for(editor), **fields)
    assert response.status_code == 400
    assert said in response.json()["error"]
    assert not File.objects.exists()
    assert not FileVersion.objects.exists()
    assert not Lesson.objects.exists()


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
def test_u52_bad_part_numbers_are_answered_in_words(client_for: type[Client], editor: User, numbers: Any) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    response = post(browser, reverse("admin:courses_upload_sign", args=[version]), {"numbers": numbers})
    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    "name", ["../../" + "x" * 1000 + ".pdf", "..\\..\\x.pdf", "C:/x.pdf", "\u202efdp.x.pdf"], ids=ascii
)
def test_u69_a_long_and_strange_name_leaves_the_key_alone(client_for: type[Client], editor: User, name: str) -> None:
    assert begin(client_for(editor), name=name).status_code == 200
    version = FileVersion.objects.get()
    assert len(version.original_name) <= 255
    assert re.fullmatch(r"content/[0-9a-f-]{36}", version.key)
    assert len(version.file.name) <= 255


def test_u54_a_finish_without_the_parts_is_refused_and_can_be_tried_again(
    client_for: type[Client], editor: User
) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    response = post(browser, reverse("admin:courses_upload_finish", args=[version]), {})
    assert response.status_code == 409
    assert response.json() == {"error": "Parts of the file have not arrived yet: 1.", "missing": [1]}
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


def test_u55_what_the_browser_says_about_parts_is_not_read(client_for: type[Client], editor: User) -> None:
    """The server completes from the bucket's own list, so a wrong ETag, or a part named twice, has nobody to tell it to."""
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    body = {"parts": [{"PartNumber": 1, "ETag": "made-up"}], "key": "content/mine"}
    response = post(browser, reverse("admin:courses_upload_finish", args=[version]), body)
    assert (response.status_code, FileVersion.objects.get().state) == (409, "uploading")


@pytest.mark.parametrize("sums", ["x", [7], [None], ["zz"], ["0" * 64, "0" * 64]], ids=str)
def test_bad_sums_are_answered_in_words(client_for: type[Client], editor: User, sums: Any) -> None:
    browser = client_for(editor)
    version = begin(browser, sums=True).json()["version"]
    body = {"numbers": [1], "sums": sums}
    response = post(browser, reverse("admin:courses_upload_sign", args=[version]), body)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_sum_is_signed_into_the_url_where_the_bucket_holds_it(client_for: type[Client], editor: User) -> None:
    browser = client_for(editor)
    begun = begin(browser, sums=True).json()
    body = {"numbers": [1], "sums": ["0" * 64]}
    signed = post(browser, reverse("admin:courses_upload_sign", args=[begun["version"]]), body).json()
    assert signed["seconds"] == 900
    [part] = signed["parts"]
    assert part["headers"] == {"x-amz-checksum-sha256": b64encode(bytes(32)).decode()}
    assert "x-amz-checksum-sha256" in part["url"]


def test_whoever_waits_is_told_how_far_the_check_has_come_and_whether_anybody_works(
    client_for: type[Client], editor: User, work: Callable[..., int]
) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    FileVersion.objects.update(state="verifying", checked=40)
    address = reverse("admin:courses_upload_progress", args=[version])
    told = browser.get(address).json()
    assert (told["state"], told["checked"], told["worker"]) == ("verifying", 40, False)
    work()
    assert browser.get(address).json()["worker"] is True


# --- A file dropped on its course --------------------------------------------------------------


def drop(browser: Client, course: Course, name: str) -> Any:
    return post(browser, START, {"publication": course.pk, "as_lesson": True, "name": name, "size": 100})


def test_22_files_dropped_on_a_course_become_lessons_in_the_order_they_come(
    client_for: type[Client], editor: User
) -> None:
    browser, course = client_for(editor), build.course()
    build.lesson(course, title="There before", position=4)
    for name in ("01 - Why it moves.mp4", "2. Springs_and_neaps.mp4", "Sheet.pdf", "Why it moves.mp4", "10 oars.mp4"):
        assert drop(browser, course, name).status_code == 200
    made = list(course.lessons.order_by("position")[1:])
    assert [lesson.title for lesson in made] == [
        "Why it moves",
        "Springs and neaps",
        "Sheet",
        "Why it moves",
        "10 oars",
    ]
    assert [lesson.position for lesson in made] == [5, 6, 7, 8, 9]
    assert [lesson.slug for lesson in made][::3] == ["why-it-moves", "why-it-moves-2"]
    assert [lesson.files.get().role for lesson in made] == ["media", "media", "attachment", "media", "media"]


def test_22_the_first_ones_bring_a_section_along(client_for: type[Client], editor: User) -> None:
    course = build.course()
    drop(client_for(editor), course, "潮.mp4")
    lesson = course.lessons.get()
    assert (lesson.section.title, lesson.title, lesson.slug) == ("Lessons", "潮", "lesson")


def test_a_cancelled_drop_takes_its_lesson_along_unless_somebody_wrote_in_it(
    client_for: type[Client], editor: User
) -> None:
    browser, course = client_for(editor), build.course()
    cancels = [
        reverse("admin:courses_upload_cancel", args=[drop(browser, course, name).json()["version"]])
        for name in ("One.mp4", "Two.mp4", "Three.mp4")
    ]
    course.lessons.filter(title="Two").update(body="Read this first.")
    course.lessons.filter(title="Three").update(title="The third")
    for address in cancels:
        post(browser, address, {})
    assert list(course.lessons.values_list("title", flat=True)) == ["Two", "The third"]
    assert not File.objects.exists()


def test_a_drop_that_the_bucket_did_not_take_leaves_no_lesson(
    client_for: type[Client], editor: User, bucket: BucketServer
) -> None:
    course = build.course()
    bucket.fail_next(10, kind="InternalError")
    assert drop(client_for(editor), course, "One.mp4").status_code == 502
    bucket.chaos.clear()
    assert not course.lessons.exists()


def test_every_endpoint_writes_down_who_did_it(client_for: type[Client], editor: User) -> None:
    browser = client_for(editor)
    version = begin(browser).json()["version"]
    post(browser, reverse("admin:courses_upload_cancel", args=[version]), {})
    entries = AuditEntry.objects.filter(act__startswith="upload.").order_by("pk")
    assert [(entry.act, entry.actor, entry.address) for entry in entries] == [
        ("upload.started", editor, "127.0.0.1"),
        ("upload.cancelled", editor, "127.0.0.1"),
    ]
