"""The mail that the site has sent: one file a message, as Django's filebased backend writes it."""

import email
import email.policy
import re
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages.html import Page, document

Object = dict[str, Any]
LINK = re.compile(r"https?://[^\s<>\"']+")


def files(stripe: Any) -> list[Path]:
    folder = stripe.mail_dir
    if folder is None or not folder.is_dir():
        return []
    return sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)


def message(path: Path) -> EmailMessage:
    # The backend ends each message with a line of dashes.
    raw = re.sub(rb"\n-{79}\n*$", b"\n", path.read_bytes())
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)


def show(stripe: Any, form: Object) -> Page:
    rows = []
    for path in files(stripe)[:100]:
        one = message(path)
        rows.append(
            f'<tr><td><a href="/mail/{escape(path.name)}">{escape(str(one["Subject"]))}</a></td>'
            f"<td>{escape(str(one['To']))}</td><td>{escape(str(one['Date']))}</td></tr>"
        )
    inner = f'<div class="scroll"><table>{"".join(rows)}</table></div>' if rows else "<p>No mail yet.</p>"
    return document("Mailbox", inner + '<p><a href="/">Back</a></p>', wide=True)


def find(stripe: Any, name: str) -> EmailMessage:
    for path in files(stripe):
        if path.name == name:
            return message(path)
    raise StripeError(404, "This message is not there.")


def read(stripe: Any, form: Object, name: str) -> Page:
    one = find(stripe, name)
    part = one.get_body(("plain", "html"))
    text = escape(str(part.get_content())) if part else ""
    linked = LINK.sub(lambda found: f'<a href="{found.group()}">{found.group()}</a>', text)
    frame = (
        f'<iframe sandbox src="/mail/{escape(name)}/html" title="The same as HTML"></iframe>'
        if one.get_body(("html",))
        else ""
    )
    head = f"<p>To {escape(str(one['To']))}, {escape(str(one['Date']))}</p>"
    return document(
        str(one["Subject"]), f'{head}<pre>{linked}</pre>{frame}<p><a href="/mail/">All mail</a></p>', wide=True
    )


def read_html(stripe: Any, form: Object, name: str) -> Page:
    part = find(stripe, name).get_body(("html",))
    if part is None:
        raise StripeError(404, "This message has no HTML.")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    return Page(str(part.get_content()), headers={"Content-Security-Policy": policy})
