"""The workshop: titles with their outline and files on one page, in the plain Django admin."""

from courses.admin.files import DownloadAdmin, FileAdmin
from courses.admin.lessons import LessonAdmin
from courses.admin.titles import CourseAdmin, EbookAdmin, TopicAdmin

__all__ = ["CourseAdmin", "DownloadAdmin", "EbookAdmin", "FileAdmin", "LessonAdmin", "TopicAdmin"]
