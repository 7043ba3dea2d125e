"""One person of every role, and a row of every kind, for requests about things that are there."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.news import stop_address
from billing import claims
from billing.models import Customer, Purchase
from courses import looking
from courses.models import DownloadList, File, PreviewLink, Publication
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
    return found | addressed(titles)


def addressed(titles: Any) -> dict[str, list[Any]]:
    """Return what else makes an address open something: keys of lists, tokens of previews and of letters, codes, and pages below others."""
    now, somebody = timezone.now(), User.objects.filter(is_staff=False).order_by("pk")[:3]
    links = [PreviewLink.objects.get_or_create(publication=one, defaults={"with_files": True})[0] for one in titles[:2]]
    pages = [one.get_absolute_url().lstrip("/") for one in titles]
    files = [
        f"files/{pk}/{end}" for pk in File.objects.values_list("pk", flat=True)[:3] for end in ("", "play/", "read/")
    ]
    guest = Customer.objects.filter(user=None, current=True, deleted=False).first() or build.customer(None)
    return {
        "kind": Publication.Kind.values,
        "key": [DownloadList.make(person, title, now=now)[1] for person in somebody for title in titles[:2]],
        "token": [link.token for link in links] + [stop_address(one.pk).rstrip("/").split("/")[-1] for one in somebody],
        "code": [claims.issue(guest, now=now)],
        "who": list(looking.NAMES),
        "rest": pages + files,
    }
