"""Whom a member of staff may touch."""

from django.http import HttpRequest

from accounts.models import User
from accounts.roles import is_owner


def may_touch(request: HttpRequest, person: User | None) -> bool:
    """Only an owner makes, changes or signs out staff, and nobody but themselves those who stand above the roles."""
    if person is None or request.user.is_superuser:
        return True
    return not person.is_superuser and (not person.is_staff or is_owner(request.user))
