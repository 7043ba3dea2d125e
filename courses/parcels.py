"""All files of a title together: in order, each under a name of its own, and as lists that download managers and `sha256sum` read."""

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.db.models import Prefetch

from courses import storage
from courses.models import File, FileVersion, Lesson, Publication

LONGEST_STEM = 130
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Item:
    """A file, the version of it that serves, and the name it has among the others."""

    file: File
    version: FileVersion
    name: str


def items(publication: Publication) -> list[Item]:
    """Return what a title consists of, lesson by lesson, then what belongs to the whole; no samples, for they are in it. Three queries."""
    versions = FileVersion.objects.ready().order_by("-ready_at", "-pk")
    files = publication.files.exclude(role=File.Role.SAMPLE).prefetch_related(
        Prefetch("versions", versions, to_attr="ready_versions")
    )
    lessons = dict(Lesson.objects.filter(course=publication.pk).values_list("pk", "title"))
    order = {pk: number for number, pk in enumerate(lessons, 1)}
    digits = max(2, len(str(len(order))))
    found, taken = [], set[str]()
    for file in sorted(files, key=lambda each: (order.get(each.lesson_id or 0, len(order) + 1), rank(each))):
        version = next(iter(file.ready_versions), None)
        if version is None:
            continue
        place = f"{order[file.lesson_id]:0{digits}} " if file.lesson_id else ""
        name = free_name(place + title_of(file, lessons), version.content_type, taken)
        taken.add(name.casefold())
        found.append(Item(file, version, name))
    return found


def rank(file: File) -> tuple[int, int, str]:
    return (list(File.Role).index(File.Role(file.role)), file.position, str(file.pk))


def title_of(file: File, lessons: dict[int, str]) -> str:
    """Return what a file is called: a lesson's film after the lesson, its captions too, with their language, as players look for them."""
    lesson = lessons.get(file.lesson_id or 0, "")
    if lesson and file.role == File.Role.MEDIA:
        return lesson
    if lesson and file.role == File.Role.CAPTIONS:
        return f"{lesson}.{file.language or 'und'}"
    return file.name


def free_name(title: str, content_type: str, taken: set[str]) -> str:
    """Return a file name that is not taken, whatever the case: not every file system tells "A" from "a"."""
    name = storage.download_name(title, content_type)
    path, number = PurePosixPath(name), 1
    while name.casefold() in taken:
        number += 1
        stem = path.stem.encode()[:LONGEST_STEM].decode(errors="ignore").rstrip()
        name = f"{stem} ({number}){path.suffix}"
    return name


def folder_of(publication: Publication) -> str:
    """Return the name of the folder that a title's files go into."""
    return storage.download_name(publication.title, "application/zip").removesuffix(".zip")


def sums(of: Iterable[Item]) -> str:
    """Return what `sha256sum -c` reads. Names hold no line break and no backslash, so none has to be escaped."""
    return "".join(f"{item.version.sha256}  {item.name}\n" for item in of if item.version.sha256)


def check_commands(name: str) -> list[tuple[str, str]]:
    """Return (system, command) that print a file's SHA-256, with the name quoted for that system's shell."""
    quoted = re.sub("(['‘’‚‛])", r"\1\1", name)
    return [
        ("Linux", f"sha256sum -- {shlex.quote(name)}"),
        ("macOS", f"shasum -a 256 -- {shlex.quote(name)}"),
        ("Windows", f"Get-FileHash -LiteralPath '{quoted}'"),
    ]


def curl_list(of: list[Item], folder: str, *, sums_at: str, address: Callable[[Item], str], head: list[str]) -> str:
    """Return a file for `curl --config`: one after the other, each going on where it stopped, the sums anew every time.

    What is refused is written into no file (`fail`), and a failure does not keep the next from coming.
    """
    common = ["location", "fail", "globoff", "create-dirs", "retry = 8", "retry-connrefused"]
    lines = [f"# {line}" for line in head] + common
    lines += [f"url = {quote(sums_at)}", f"output = {quote(f'{folder}/{SUMS}')}", "next"]
    lines += [*common, 'continue-at = "-"']
    for item in of:
        lines += [f"url = {quote(address(item))}", f"output = {quote(f'{folder}/{item.name}')}"]
    return "\n".join(lines) + "\n"


def aria2_list(of: list[Item], folder: str, *, sums_at: str, address: Callable[[Item], str], head: list[str]) -> str:
    """Return a file for `aria2c --input-file`: it goes on where it stopped, and checks each file's SHA-256 by itself."""
    lines = [f"# {line}" for line in head]
    lines += [sums_at, f"  dir={folder}", f"  out={SUMS}", "  allow-overwrite=true", "  continue=false"]
    for item in of:
        lines += [address(item), f"  dir={folder}", f"  out={item.name}", "  continue=true", "  split=1"]
        lines += ["  auto-file-renaming=false", "  max-tries=8", "  retry-wait=5"]
        if item.version.sha256:
            lines.append(f"  checksum=sha-256={item.version.sha256}")
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """Return a value as curl's configuration files want it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
