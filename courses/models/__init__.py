"""What is published, the files behind it, and what people did with it."""

from courses.models.files import Download, File, FileVersion, UploadPart
from courses.models.lists import DownloadList
from courses.models.previews import PreviewLink
from courses.models.progress import Progress
from courses.models.publications import Course, Ebook, Lesson, Publication, Section, Topic

__all__ = [
    "Course",
    "Download",
    "DownloadList",
    "Ebook",
    "File",
    "FileVersion",
    "Lesson",
    "PreviewLink",
    "Progress",
    "Publication",
    "Section",
    "Topic",
    "UploadPart",
]
