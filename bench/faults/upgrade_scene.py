"""People and titles, made by whichever version lies in the current folder; prints where they are as JSON. For bench/faults/upgrade.py.

It leans on little, so that older versions can run it.
"""

import json
import logging

import django

import bench.environment  # noqa: F401 - before anything reads the settings

django.setup()

from bench.faults.clicks import cookie_of  # noqa: E402 - models need Django
from bench.faults.storage import staff_cookie  # noqa: E402
from billing.catalogue import mirror_catalogue  # noqa: E402
from tests import build  # noqa: E402
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
        "member": cookie_of(people[0]),
        "staff": staff_cookie(owner),
        "pages": ["/", "/courses/", "/ebooks/", "/library/", "/search/?q=tides", "/plans/", *titles],
        "admin": ["/admin/", "/admin/courses/course/", f"/admin/courses/course/{course.pk}/outline/"],
        "file": file.get_absolute_url(),
        "progress": f"/progress/{lesson.pk}/",
        "files": [str(a_file(f"{number}.pdf").pk) for number in range(300)],
    }
    print(json.dumps(scene))


if __name__ == "__main__":
    main()
