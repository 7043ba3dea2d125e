"""Looking at the site's own pages as somebody else: a visitor, a member, a buyer, one whose plan has ended, or a guest with a preview link.

Nothing is faked in the pages. Inside a transaction that is always rolled back there is, for the length of one page, a real person with
real rows (a subscription, a purchase, a plan that ended), and the title as it will be once published; the site's own view answers a
request of that person, courses.access decides as it always does, and then all of it has never been. The inner request has no cookies and
a session of its own that is never kept. Its pages think that the site lives under `mount`, so their links stay inside, and nothing else of
the site is touched. Files are decided here and minted by the caller, in the name of whoever really looks.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, cast
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, get_script_prefix, resolve, set_script_prefix
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.defaults import page_not_found

from billing.models import Customer, Grant, Product, Purchase, Subscription
from courses import access, fetching, serving
from courses.access import Decision, Person
from courses.models import Download, FileVersion, Publication
from courses.sources import source_of

VISITOR, MEMBER, BUYER, LAPSED, GUEST = "visitor", "member", "buyer", "lapsed", "guest"
# A guest is whoever follows a preview link; staff do not choose it.
NAMES = {
    VISITOR: gettext_lazy("a visitor"),
    MEMBER: gettext_lazy("a member"),
    BUYER: gettext_lazy("a buyer"),
    LAPSED: gettext_lazy("a member whose plan has ended"),
}
PAGES = {
    *("courses:home", "courses:courses", "courses:ebooks", "courses:topic", "courses:search", "courses:library"),
    *("courses:course", "courses:lesson", "courses:ebook", "courses:reader", "courses:parcel", "billing:plans"),
}
TITLE_PAGES = {"courses:course", "courses:lesson", "courses:ebook", "courses:reader"}
FILES = {"courses:download", "courses:pinned", "courses:play", "courses:opened"}


@dataclass(frozen=True)
class Bar:
    """What the bar over the page says: who looks, at what, the way out, and who else one may look as (name, label, address)."""

    words: str
    note: str
    leave: str
    others: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Look:
    """One look: at this title, as `who`, with the site's own paths mounted below `mount`; `pages` are the views that may answer."""

    title: Publication
    who: str
    mount: str
    bar: Bar
    pages: frozenset[str] = frozenset(PAGES)


@dataclass(frozen=True)
class Wanted:
    """A file that was clicked: its version, what the pretended person would have been answered, and where it goes."""

    version: FileVersion
    decision: Decision
    plays: bool
    reads: bool


def choices(title: Publication) -> list[str]:
    """Return as whom one may look at a title: as a buyer only where it is sold on its own."""
    sold = title.products.filter(kind=Product.Kind.ITEM).exists()
    return [VISITOR, MEMBER, *([BUYER] if sold else []), LAPSED]


def look(request: HttpRequest, path: str, seen: Look, *, now: datetime) -> HttpResponse | Wanted:
    """Answer `path` as the pretended person would be answered, or return the file they clicked and would get. Raises Http404."""
    if request.method not in ("GET", "HEAD"):
        return stopped(
            request, seen, _("You are only looking: nothing is bought, sent or marked from here."), status=405
        )
    try:
        match = resolve(path)
    except Resolver404:
        return stopped(request, seen, _("There is no such page."), status=404)
    if match.view_name in FILES:
        asked = wanted(match.kwargs["file_id"], seen, view=match.view_name, now=now)
        if asked.decision.allowed:
            return asked
    elif match.view_name not in seen.pages:
        return stopped(request, seen, _("This leads away from what you look at."))
    with pretended(seen, now=now) as person:
        response = answered(as_them(request, path, person, seen), match)
    if 300 <= response.status_code < 400:
        return stopped(request, seen, _("Whoever is not signed in is asked to sign in here."))
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response


def wanted(file_id: UUID, seen: Look, *, view: str, now: datetime) -> Wanted:
    """Return the file with the decision for the pretended person. Raises Http404 for one that is not there, or of another title."""
    version = serving.newest_ready(file_id)
    if version is None or (seen.who == GUEST and version.file.publication_id != seen.title.pk):
        raise Http404
    with pretended(seen, now=now) as person:
        staged = serving.newest_ready(file_id)
        if staged is None:
            raise Http404
        decided = access.decision(person, staged.file, now=now)
        return Wanted(version, decided, plays=view == "courses:play", reads=view == "courses:opened")


@contextmanager
def pretended(seen: Look, *, now: datetime) -> Iterator[Person]:
    """Give the person, and the title as if it were published, until the block ends; then none of it has been."""
    with transaction.atomic():
        try:
            if not (seen.title.is_published(at=now) or seen.title.is_archived):
                shown = {"state": Publication.State.PUBLISHED, "published_at": now}
                Publication.objects.filter(pk=seen.title.pk).update(**shown)
            yield CAST[seen.who](seen.title, now)
        finally:
            transaction.set_rollback(True)


def nobody(title: Publication, now: datetime) -> Person:
    return AnonymousUser()


def member(title: Publication, now: datetime) -> Person:
    """A plan runs: one that the title names, if it names any."""
    return subscribed(title, status="active", current_period_end=now + timedelta(days=20), created_at=now)


def lapsed(title: Publication, now: datetime) -> Person:
    ended = now - timedelta(days=3)
    return subscribed(title, status="canceled", current_period_end=ended, ended_at=ended, created_at=ended)


def buyer(title: Publication, now: datetime) -> Person:
    """Bought each product that the title names, and holds no plan beside them."""
    person = somebody()
    customer = Customer.objects.create(user_id=person.pk, stripe_id=unique("cus"))
    for product in title.products.filter(kind=Product.Kind.ITEM):
        fields = {"amount": 0, "currency": "usd", "state": Purchase.State.PAID, "created_at": now}
        Purchase.objects.create(session_id=unique("cs"), customer=customer, product=product, **fields)
    return person


def guest(title: Publication, now: datetime) -> Person:
    """Was given what opens this one title."""
    person = somebody()
    product = Product.objects.create(name=_("Preview"), kind=Product.Kind.ITEM, active=False)
    title.products.add(product)
    Grant.objects.create(user_id=person.pk, product=product, reason="preview", starts_at=now - timedelta(minutes=1))
    return person


CAST: dict[str, Callable[[Publication, datetime], Person]] = {
    VISITOR: nobody,
    MEMBER: member,
    BUYER: buyer,
    LAPSED: lapsed,
    GUEST: guest,
}


def subscribed(title: Publication, **fields: Any) -> Any:
    person = somebody()
    plans = Product.objects.filter(kind=Product.Kind.PLAN, active=True)
    plan = plans.filter(publications=title.pk).first() or plans.first()
    if plan is None:
        plan = Product.objects.create(name=_("Membership"), kind=Product.Kind.PLAN)
    customer = Customer.objects.create(user_id=person.pk, stripe_id=unique("cus"))
    price = plan.prices.filter(active=True).first()
    made = Subscription.objects.create(customer=customer, stripe_id=unique("sub"), price=price, **fields)
    made.products.set([plan])
    return person


def somebody() -> Any:
    return get_user_model().objects.create_user(f"{unique('looking')}@example.invalid")


def unique(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


def as_them(request: HttpRequest, path: str, person: Person, seen: Look) -> HttpRequest:
    """Return the request that this person's browser would have sent: the same host and language, no cookie, nobody's session."""
    kept = {name: value for name, value in request.META.items() if isinstance(value, str) and name != "HTTP_COOKIE"}
    kept |= {"REQUEST_METHOD": "GET", "SCRIPT_NAME": seen.mount, "PATH_INFO": path, "CONTENT_LENGTH": "0"}
    inner = WSGIRequest(kept | {"wsgi.input": BytesIO(), "wsgi.url_scheme": request.scheme})
    inner.user = person  # type: ignore[assignment]
    inner.session = SessionStore()
    inner.LANGUAGE_CODE = getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
    inner.looking = seen.bar  # type: ignore[attr-defined]
    return inner


def answered(inner: HttpRequest, match: Any) -> HttpResponse:
    """Let the site's own view answer, with its links made for the place where the inner request is mounted."""
    outside = get_script_prefix()
    set_script_prefix(inner.META["SCRIPT_NAME"] + "/")
    try:
        inner.resolver_match = match
        response: HttpResponse = match.func(inner, *match.args, **match.kwargs)
    except Http404 as error:
        response = page_not_found(inner, error)
    finally:
        set_script_prefix(outside)
    return response


def handed_over(request: HttpRequest, asked: Wanted, *, now: datetime) -> HttpResponse:
    """Answer a click on a file like the site does, in the name of whoever really looks: the Download row is theirs."""
    framed = csp_replace({"frame-ancestors": [SELF]})(partial(minted, asked=asked, now=now))
    return cast("HttpResponse", xframe_options_sameorigin(framed)(request))


def minted(request: HttpRequest, *, asked: Wanted, now: datetime) -> HttpResponse:
    framed = asked.reads and fetching.is_our_frame(request.headers) and not fetching.is_speculative(request.headers)
    if fetching.is_not_a_click(request.headers) and not framed:
        return HttpResponse(_("Open this link yourself to download the file."), status=403, content_type="text/plain")
    if request.method == "HEAD":
        return HttpResponse(content_type=asked.version.content_type)
    purpose = Download.Purpose.PLAY if asked.plays or asked.reads else Download.Purpose.DOWNLOAD
    signed = serving.mint(request.user, asked.version, purpose, now=now, source=source_of(request))
    response: HttpResponse = HttpResponseRedirect(signed.url)
    if asked.plays:
        response = JsonResponse({"url": signed.url, "expires_at": signed.expires_at.isoformat()})
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response


def stopped(request: HttpRequest, seen: Look, words: str, *, status: int = 200) -> HttpResponse:
    """Say, under the same bar, what would happen here; links of this page are the site's own."""
    context = {"bar": seen.bar, "words": words, "back": f"{seen.mount}{seen.title.get_absolute_url()}"}
    response = render(request, "courses/looking.html", context, status=status)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response
