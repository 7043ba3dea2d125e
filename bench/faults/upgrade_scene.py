"""People and titles, made by whichever version lies in the current folder; prints where they are as JSON. For bench/faults/upgrade.py.

It leans on little, so that older versions can run it, and finds its variables set.
"""

import json
import logging

import django
from django.conf import settings

django.setup()

from accounts.models import User  # noqa: E402 - models need Django
from bench.faults.clicks import TOKEN  # noqa: E402
from billing.catalogue import mirror_catalogue  # noqa: E402
from tests import build  # noqa: E402
from tests.conftest import ClientFor  # noqa: E402
from tests.courses.uploads.hands import a_file  # noqa: E402


def main() -> None:
    logging.disable(logging.CRITICAL)
    mirror_catalogue()
    people = [build.person() for _ in range(30)]
    owner = build.person(is_staff=True, is_superuser=True)
    course, book = build.course(access="free", title="Tides"), build.ebook(access="free")
    lesson, file = build.lesson(course), build.file(book)
    titles = [f"/courses/{course.slug}/", f"/courses/{course.slug}/{lesson.slug}/", f"/ebooks/{book.slug}/"]
    scene = {
        "people": [person.pk for person in people],
        "member": cookies_of(people[0]),
        "staff": cookies_of(owner),
        "pages": ["/", "/courses/", "/ebooks/", "/library/", "/search/?q=tides", "/plans/", *titles],
        "admin": ["/admin/", "/admin/courses/course/", f"/admin/courses/course/{course.pk}/outline/"],
        "file": file.get_absolute_url(),
        "progress": f"/progress/{lesson.pk}/",
        "files": [str(a_file(f"{number}.pdf").pk) for number in range(300)],
    }
    print(json.dumps(scene))


def cookies_of(person: User) -> str:
    """Sign somebody in, with a second factor where they need one; return the cookies of their browser."""
    session = ClientFor(person).cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


if __name__ == "__main__":
    main()
