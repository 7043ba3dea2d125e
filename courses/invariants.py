"""What must be true of links and files at every moment, asked of a running site: reads only, and says numbers and keys alone."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing.models import Grant, Product, Purchase, Subscription
from config.audit import AuditEntry
from courses import storage
from courses.models import Download, Fetch, File, FileVersion, Publication, Rekeying
from courses.storage import signing

LAG = timedelta(seconds=60)
DAY, WEEK, HOUR = timedelta(days=1), timedelta(days=7), timedelta(hours=1)
MOST = 1000
# How many links are recomputed, objects asked for, and bytes summed, each time: a day's run must stay small on any site.
LINKS, OBJECTS, BYTES = 2000, 200, 64 * 1024**2
TAKEN = (Purchase.State.PAID, Purchase.State.REFUNDED, Purchase.State.DISPUTED)


def nobody_stays_in(*, now: datetime) -> Iterator[str]:
    """I4: who is out gets no link a minute later, and no link outlives what a link may."""
    longest = timedelta(seconds=signing.LONGEST) + LAG
    for one in Download.objects.filter(created_at__gt=now - DAY, expires_at__gt=F("created_at") + longest)[:MOST]:
        yield f"link {one.pk} lives until {one.expires_at}, longer than a link may"
    out = AuditEntry.objects.filter(act="person.shut_out", person__is_active=False, at__gt=now - WEEK)
    for entry in out.order_by("pk")[:MOST]:
        for one in Download.objects.filter(user=entry.person_id, created_at__gt=entry.at + LAG)[:MOST]:
            yield f"link {one.pk} was minted for person {entry.person_id} after they were shut out"


def links_were_theirs(*, now: datetime) -> Iterator[str]:
    """I7: every link has its row, and every row is of a person who held what opens it at that time."""
    for fetch in Fetch.objects.exclude(unknown="").filter(at__gt=now - WEEK)[:MOST]:
        yield f"request {fetch.pk} carried the trace {fetch.unknown}, which has no row"
    held = cache(holdings)
    named = cache(
        lambda pk: set(Publication.products.through.objects.filter(publication=pk).values_list("product", flat=True))
    )
    for row in closed_links(now=now)[:LINKS]:
        title = row.version.file.publication
        open_by_plan = title.access == Publication.Access.MEMBERS and title.state != Publication.State.ARCHIVED
        if not any(
            since <= row.created_at and (until is None or until + LAG > row.created_at)
            and (product in named(title.pk) or (open_by_plan and kind == Product.Kind.PLAN))
            for product, kind, since, until in held(row.user_id)
        ):  # fmt: skip
            yield f"link {row.pk} was minted for person {row.user_id}, who held nothing that opens title {title.pk}"


def closed_links(*, now: datetime) -> QuerySet[Download]:
    """Yesterday's and today's links of members to what is not open to all, where the title has not been changed since."""
    rows = Download.objects.filter(created_at__gt=now - DAY, user__isnull=False, user__is_staff=False)
    free = Q(version__file__publication__access=Publication.Access.FREE) | Q(version__file__role=File.Role.SAMPLE)
    shown = Q(version__file__lesson__preview=True)
    rows = rows.exclude(free | shown).filter(version__file__publication__updated_at__lt=F("created_at"))
    return rows.select_related("version__file__publication").order_by("-created_at")


def holdings(user_id: int) -> list[tuple[int, str, datetime, datetime | None]]:
    """Return (product, kind, since, until) of everything a person ever held, as far as our rows remember."""
    mine = {"customer__user": user_id}
    subscribed = Subscription.objects.filter(**mine, products__isnull=False)
    bought = Purchase.objects.filter(**mine, state__in=TAKEN)
    return [
        *subscribed.values_list("products", "products__kind", "created_at", "ended_at"),
        *((*row, None) for row in bought.values_list("product", "product__kind", "created_at")),
        *Grant.objects.filter(user=user_id).values_list("product", "product__kind", "starts_at", "ends_at"),
    ]


def sampled() -> list[FileVersion]:
    """Return versions to look for in the bucket: the newest, and others at random. Two queries."""
    ready = FileVersion.objects.ready()
    newest = list(ready.order_by("-pk")[: OBJECTS // 4])
    return newest + list(ready.exclude(pk__in=[one.pk for one in newest]).order_by("?")[: OBJECTS - len(newest)])


def bytes_are_there(versions: list[FileVersion]) -> Iterator[str]:
    """I8: what is ready is in the bucket, has its size, and, as far as is read, its sum. One request each."""
    left = BYTES
    for one in versions:
        try:
            size = storage.head(one.key, by="keeper").size
            if size != one.size:
                yield f"version {one.pk} has {size} bytes in the bucket, and not {one.size}"
            elif one.sha256 and size <= left:
                left -= size
                if summed(one) != one.sha256:
                    yield f"version {one.pk} has other bytes than when it was checked"
        except storage.NotThere:
            yield f"version {one.pk} has no bytes in the bucket"
        except storage.StorageError as error:
            yield f"the bucket did not answer about version {one.pk}: {error.code}"
            return


def summed(version: FileVersion) -> str:
    whole = hashlib.sha256()
    for piece in storage.read_all(version.key, version.size):
        whole.update(piece)
    return whole.hexdigest()


def states_agree(*, now: datetime) -> Iterator[str]:
    """I10, of files: what was refused never serves, and moves end."""
    acts = AuditEntry.objects.filter(act="file.rejected").order_by("-pk").values_list("after", flat=True)[:MOST]
    refused = {int(after["version"]) for after in acts if after and after.get("version")}
    for one in FileVersion.objects.ready().filter(pk__in=refused).order_by("-pk"):
        yield f"version {one.pk} serves, and was refused"
    for move in Rekeying.objects.filter(state__in=Rekeying.GOING_ON, asked_at__lt=now - HOUR)[:MOST]:
        yield f"move {move.pk} is {move.state} since {move.asked_at}"
    undone = Rekeying.objects.filter(
        Q(state=Rekeying.State.DONE), Exists(FileVersion.objects.filter(key=OuterRef("old_key")))
    )
    for move in undone[:MOST]:
        yield f"move {move.pk} is done, and a version still has its old key"


def titles_are_as_recorded(*, now: datetime) -> Iterator[str]:
    """I12: the record, played again, gives the present: each title is in the state that was last written down."""
    kinds = ("courses.course", "courses.ebook")
    acts = AuditEntry.objects.filter(
        target_model__in=kinds, act__in=[f"title.{state}" for state in Publication.State.values]
    )
    later = AuditEntry.objects.filter(
        target_model=OuterRef("target_model"), target_pk=OuterRef("target_pk"), at__gt=OuterRef("at")
    ).filter(Q(act__startswith="title.") | Q(act="admin.changed"))
    last = acts.filter(~Exists(later)).order_by("-pk").values_list("target_pk", "act")[:LINKS]
    said = {int(pk): act.partition(".")[2] for pk, act in last}
    for title in Publication.objects.filter(pk__in=said).only("pk", "state"):
        if title.state != said[title.pk]:
            yield f"title {title.pk} is {title.state}, and the record says {said[title.pk]}"
