"""Whom a member of staff may touch."""

from django.http import HttpRequest

from accounts.models import User


def may_touch(request: HttpRequest, person: User | None) -> bool:
    """Only an owner makes, changes or signs out staff."""
    return person is None or request.user.is_superuser or not (person.is_staff or person.is_superuser)
