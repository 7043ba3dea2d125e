"""One person of every role, and a row of every kind, for requests about things that are there."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session

from accounts import roles
from accounts.models import User
from billing.models import Purchase
from tests import build
from tests.accounts import owner_scene

STAFF = {"owner": roles.OWNER, "editor": roles.EDITOR, "support": roles.SUPPORT}
WITHOUT_FACTOR = "staff without a second factor"


def everybody(now: datetime) -> dict[str, User | None]:
    """Make people of all roles, on a site with a past."""
    scene = owner_scene.fill(now)
    found: dict[str, User | None] = {"visitor": None, "subscriber": scene.member, "late": scene.late}
    found["member"] = build.person("nell@example.com")
    gone = {"status": "canceled", "ended_at": now}
    found["lapsed"] = build.subscribed(build.person("lara@example.com"), scene.plan, now=now, **gone)
    found["buyer"] = buyer = build.person("bea@example.com")
    sale = {"amount": 900, "currency": "usd", "state": "paid", "created_at": now}
    Purchase.objects.create(session_id="cs_bea", customer=build.customer(buyer), product=build.item(), **sale)
    roles.sync()
    for name, group in STAFF.items():
        found[name] = person = build.person(f"{name}@example.com", is_staff=True)
        person.groups.add(Group.objects.get(name=group))
    found["superuser"] = build.person("olga@example.com", is_staff=True, is_superuser=True)
    found[WITHOUT_FACTOR] = build.person("sven@example.com", is_staff=True, is_superuser=True)
    return found


def shelf() -> None:
    """Fill the shelves with one title of each kind and state, and a file everywhere a file may be."""
    course = build.course()
    for preview in (True, False):
        build.file(build.lesson(course, preview=preview), role="media")
    build.file(course)
    build.file(build.ebook(access="free"))
    build.file(build.ebook(state="draft"), ready=False)


def rows() -> dict[str, list[Any]]:
    """Return what may stand in an address: primary keys by model, and the words that name titles."""
    found: dict[str, list[Any]] = {}
    for model in apps.get_models():
        if model is not Session:
            keys = list(model._base_manager.values_list("pk", flat=True)[:3])
            name = model._meta.model_name
            found |= {f"{name}.object_id": keys, f"{name}.pk": keys, f"{name}.{name}_id": keys}
    titles = apps.get_model("courses", "Publication")._base_manager.all()
    found["slug"] = list(titles.values_list("slug", flat=True))
    found["lesson"] = list(apps.get_model("courses", "Lesson")._base_manager.values_list("slug", flat=True))
    found["file_id"] = list(apps.get_model("courses", "File")._base_manager.values_list("pk", flat=True))
    found["lesson_id"] = list(apps.get_model("courses", "Lesson")._base_manager.values_list("pk", flat=True))
    found["price_id"] = list(apps.get_model("billing", "Price")._base_manager.values_list("stripe_id", flat=True))
    found["invoice_id"] = list(
        apps.get_model("billing", "Invoice")._base_manager.values_list("stripe_id", flat=True)[:3]
    )
    found["app_label"] = ["courses", "billing", "accounts", "config"]
    found["pk"] = [1, 2, 3]
    return found
