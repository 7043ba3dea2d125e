"""What is published, the files behind it, and what people did with it."""

from courses.models.files import File, FileVersion, UploadPart
from courses.models.links import Allowance, Download, Fetch, LimitReached, Rekeying, SharingSign
from courses.models.lists import DownloadList
from courses.models.previews import PreviewLink
from courses.models.progress import Progress
from courses.models.publications import Course, Ebook, Lesson, Publication, Section, Topic

__all__ = [
    "Allowance",
    "Course",
    "Download",
    "DownloadList",
    "Ebook",
    "Fetch",
    "File",
    "FileVersion",
    "Lesson",
    "LimitReached",
    "PreviewLink",
    "Progress",
    "Publication",
    "Rekeying",
    "Section",
    "SharingSign",
    "Topic",
    "UploadPart",
]
