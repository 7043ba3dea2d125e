"""A person's copy of their data: one ZIP with a file for machines and one that explains it."""

import json
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as __

from accounts import personal
from accounts.models import User

NAME = "lectern-account"
PARTS = {
    "account": __("who you are, when you joined, and which mail you want"),
    "addresses": __("your e-mail addresses"),
    "second_steps": __("passkeys, authenticator apps and recovery codes: that they exist, never what they are"),
    "sessions": __("where you are signed in"),
    "customers": __("what Stripe knows you as"),
    "subscriptions": __("your plans, running and ended"),
    "invoices": __("your invoices; amounts are in the smallest unit of the currency"),
    "purchases": __("what you bought once"),
    "checkouts": __("when you went to the till"),
    "refunds": __("what you got back"),
    "disputes": __("payments your bank questioned"),
    "claims": __("purchases you made your own with a code"),
    "notices": __("mail about money"),
    "grants": __("what you were given"),
    "downloads": __("what you downloaded and played"),
    "fetches": __("what the store of our files saw of that, and from where; kept for some days"),
    "download_lists": __("lists you made for download managers"),
    "allowances": __("when our people lifted your limits"),
    "limits": __("when you met a limit"),
    "sharing_signs": __("when your account was used in many places at once"),
    "progress": __("how far you are in each lesson, in seconds"),
    "news": __("mail about new titles"),
    "done_about_me": __("what our people did to your account, and why"),
    "done_by_me": __("what you did that the record keeps"),
    "done_in_the_workshop": __("what you changed in the workshop, if you work here"),
}


def packed(person: User, *, now: datetime) -> bytes:
    """Return the ZIP's bytes."""
    data = personal.export(person, now=now)
    body = json.dumps(data, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)
    packet = BytesIO()
    with ZipFile(packet, "w", ZIP_DEFLATED) as folder:
        folder.writestr("README.txt", explained(data, now=now))
        folder.writestr("account.json", body)
    return packet.getvalue()


def explained(data: dict[str, object], *, now: datetime) -> str:
    lines = [
        _("This is everything that Lectern keeps about you, as of %(time)s (UTC).") % {"time": f"{now:%Y-%m-%d %H:%M}"},
        "",
        _("account.json holds it as JSON, which any text editor opens. Its parts:"),
        "",
        *(f"  {name:22}{PARTS[name]}" for name in data if name in PARTS),
        "",
        _(
            "Passwords, keys and codes are left out: nobody should find them in a file. Your card is known to Stripe alone."
        ),
        "",
    ]
    return "\n".join(lines)
