"""Chapters of a lesson: a moment and a title a line, as owners write them, or a WebVTT file that is pasted in as it is."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

MOST = 200
STAMP = r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:[.,]\d{1,3})?"
LINE = re.compile(rf"\s*{STAMP}\s*(?:[-–—:]\s+|\s+)(\S.*?)\s*")
CUE = re.compile(rf"\s*{STAMP}\s+-->\s.*")


class ChaptersRefused(Exception):
    """What is wrong with a list of chapters, as a sentence for whoever wrote it."""


@dataclass(frozen=True)
class Chapter:
    """`at` is in whole seconds from the beginning."""

    at: int
    title: str

    def __str__(self) -> str:
        minutes, seconds = divmod(self.at, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} {self.title}" if hours else f"{minutes}:{seconds:02} {self.title}"


def read(text: str) -> list[Chapter]:
    """Return the chapters in order of time. Raises ChaptersRefused for a line that is none, and for two at one moment."""
    text = text.removeprefix("\ufeff").strip()
    found = from_webvtt(text) if text.startswith("WEBVTT") else from_lines(text)
    if len(found) > MOST:
        raise ChaptersRefused(_("A lesson has at most %(most)d chapters.") % {"most": MOST})
    chapters = sorted(found, key=lambda chapter: chapter.at)
    if len({chapter.at for chapter in chapters}) != len(chapters):
        raise ChaptersRefused(_("Two chapters begin at the same second."))
    return chapters


def from_lines(text: str) -> list[Chapter]:
    chapters = []
    for line in filter(str.strip, text.splitlines()):
        match = LINE.fullmatch(line)
        if match is None:
            words = _(
                "Write the moment and the title, such as “1:30 The second bulge”. This line is different: “%(line)s”."
            )
            raise ChaptersRefused(words % {"line": line.strip()[:80]})
        chapters.append(chapter(match, match[4]))
    return chapters


def from_webvtt(text: str) -> list[Chapter]:
    """Take each cue's beginning and text; the rest of a WebVTT file (names of cues, notes, ends) says nothing of chapters."""
    chapters = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.splitlines()
        place = next((number for number, line in enumerate(lines) if CUE.fullmatch(line)), None)
        if place is None:
            continue
        title = re.sub(r"<[^>]*>", "", " ".join(line.strip() for line in lines[place + 1 :])).strip()
        match = CUE.fullmatch(lines[place])
        if title and match:
            chapters.append(chapter(match, title))
    if not chapters:
        raise ChaptersRefused(_("This WebVTT file has no chapters in it."))
    return chapters


def chapter(match: re.Match[str], title: str) -> Chapter:
    hours, minutes, seconds = (int(match[number] or 0) for number in (1, 2, 3))
    return Chapter(hours * 3600 + minutes * 60 + seconds, title[:200])
