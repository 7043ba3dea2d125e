"""Owner, Editor, Support: what each may do, as Django groups. docs/roles.md shows it address by address, and tests hold the two together.

`sync` writes the table into the database; it runs after every `migrate` (manage.py sync_roles), so a new kind of row brings its rights
along. The three groups are the site's own: whoever needs something else makes a group of their own beside them.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

OWNER, EDITOR, SUPPORT = "Owner", "Editor", "Support"
EVERYTHING = ("accounts", "billing", "config", "courses")
# Per app and model: a for add, c for change, d for delete, v for view.
Rights = dict[str, str]
WHOLE: Rights = {"auth.group": "acdv"}
CONTENT: Rights = {
    "courses.publication": "acv",
    "courses.course": "acv",
    "courses.ebook": "acv",
    "courses.topic": "acdv",
    "courses.section": "acdv",
    "courses.lesson": "acdv",
    "courses.file": "acdv",
    "courses.fileversion": "acdv",
    "courses.previewlink": "acdv",
    "billing.product": "v",
}
HELP: Rights = {
    "accounts.user": "cv",
    "billing.claim": "v",
    "billing.customer": "cv",
    "billing.dispute": "v",
    "billing.grant": "acv",
    "billing.invoice": "v",
    "billing.notice": "cv",
    "billing.price": "v",
    "billing.product": "v",
    "billing.purchase": "v",
    "billing.refund": "v",
    "billing.subscription": "v",
    "courses.course": "v",
    "courses.ebook": "v",
    "courses.lesson": "v",
    "courses.topic": "v",
    "courses.file": "v",
    "courses.fileversion": "v",
    "courses.download": "v",
    "courses.sharingsign": "v",
}
ROLES: dict[str, Rights] = {OWNER: WHOLE, EDITOR: CONTENT, SUPPORT: HELP}
VERBS = {"a": "add", "c": "change", "d": "delete", "v": "view"}


def sync() -> None:
    """Make the three groups, and give each exactly what the table says."""
    with transaction.atomic():
        for name in ROLES:
            group, _made = Group.objects.get_or_create(name=name)
            group.permissions.set(permissions_of(name))


def permissions_of(name: str) -> "QuerySet[Permission]":
    """Return a role's permissions as far as their models are there; the Owner's are those of all our own apps."""
    wanted = Q(content_type__app_label__in=EVERYTHING) if name == OWNER else Q(pk__in=[])
    for label, verbs in ROLES[name].items():
        app, model = label.split(".")
        names = [f"{VERBS[verb]}_{model}" for verb in verbs]
        wanted |= Q(content_type__app_label=app, codename__in=names)
    return Permission.objects.filter(wanted)


def is_owner(person: Any) -> bool:
    """Tell whether a person may make others staff and give them roles."""
    return bool(person.is_superuser or (person.is_staff and person.groups.filter(name=OWNER).exists()))
