"""A lesson is as long as what plays in it, as far as its owner has not said otherwise."""

from django.db.models import Q

from courses.models import File, FileVersion, Lesson


def follow(version: FileVersion) -> None:
    """Give a lesson the length of the version that has come to serve, where it had none or that of another version. Two queries at most.

    What the owner wrote stays. A length that is not known (0) replaces the one of a version that serves no more.
    """
    file = version.file
    if file.role != File.Role.MEDIA or file.lesson_id is None or version.seconds is None:
        return
    measured = FileVersion.objects.filter(file=file.pk, seconds__gt=0).values("seconds")
    lesson = Lesson.objects.filter(Q(seconds=0) | Q(seconds__in=measured), pk=file.lesson_id)
    lesson.exclude(seconds=version.seconds).update(seconds=version.seconds)


def fill(lesson: Lesson) -> None:
    """Give a lesson whose length was left empty that of what plays in it, if that was ever read."""
    played = FileVersion.objects.ready().filter(file__lesson=lesson.pk, file__role=File.Role.MEDIA)
    serving = played.select_related("file").order_by("file__position", "file__created_at", "-ready_at", "-pk").first()
    if serving is not None:
        follow(serving)
