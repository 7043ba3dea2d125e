"""The hosted pages: Checkout, the Billing Portal, an invoice, and the front page with clock and mailbox. Plain HTML, no script."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import parse
from sandbox.stripe.pages import checkout, front, invoice, ledger, mailbox, portal, switching
from sandbox.stripe.pages.html import STYLE, Page, document, redirect

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'",
}
View = Callable[..., Page]
ROUTES: list[tuple[str, re.Pattern[str], View]] = [
    (method, re.compile(pattern), view)
    for method, pattern, view in [
        ("GET", "/", front.show),
        ("POST", "/clock", front.move_clock),
        ("POST", "/chaos", front.switch_chaos),
        ("POST", "/payments", ledger.change_payment),
        ("POST", "/disputes", ledger.decide),
        ("POST", "/settings", ledger.choose),
        ("GET", "/mail/", mailbox.show),
        ("GET", "/mail/([^/]+)", mailbox.read),
        ("GET", "/mail/([^/]+)/html", mailbox.read_html),
        ("GET", "/c/pay/([^/]+)", checkout.show),
        ("POST", "/c/pay/([^/]+)", checkout.act),
        ("GET", "/p/session/([^/]+)", portal.show),
        ("POST", "/p/session/([^/]+)", switching.act),
        ("GET", "/p/session/([^/]+)/card", portal.change_card),
        ("GET", "/p/session/([^/]+)/details", portal.change_details),
        ("GET", "/p/session/([^/]+)/plans", switching.plans),
        ("GET", "/p/session/([^/]+)/switch", switching.confirm_switch),
        ("GET", "/p/session/([^/]+)/pause", switching.confirm_pause),
        ("GET", "/p/session/([^/]+)/cancel", switching.confirm_cancel),
        ("GET", "/i/([^/]+)", invoice.show),
        ("POST", "/i/([^/]+)", invoice.act),
    ]
]


def respond(stripe: Any, method: str, path: str, query: str, text: str) -> Page:
    """Answer a page's address; what is not there is a 404 in the same dress."""
    if path == "/style.css":
        return Page(STYLE, headers={"Content-Type": "text/css; charset=utf-8"})
    for known, pattern, view in ROUTES:
        found = pattern.fullmatch(path)
        if found and known == ("GET" if method == "HEAD" else method):
            form = parse(text if method == "POST" else query)
            try:
                with stripe.store.step():
                    return view(stripe, form, *found.groups())
            except StripeError as error:
                return document("That did not work", f"<p>{error}</p>", status=error.status)
    return document("Nothing here", "<p>This page does not exist, or its time is over.</p>", status=404)


__all__ = ["HEADERS", "Page", "redirect", "respond"]
