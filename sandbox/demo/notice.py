"""What the demo says when it is ready: to people on the screen, to scripts in demo.json."""

import json
from pathlib import Path
from typing import Any

from sandbox.demo.parts import BUDGET_FACTOR, Parts

ADDRESSES = {
    "newcomer": "nadia@lectern.example",
    "subscriber": "sam@lectern.example",
    "lapsed": "lara@lectern.example",
    "staff": "olga@lectern.example",
}
WHO = {
    "newcomer": "has an account and never paid",
    "subscriber": "holds a live membership",
    "lapsed": "paid once; it has ended",
    "staff": "owns the site; the workshop is at /admin/",
}


def facts(parts: Parts, root: Path) -> dict[str, Any]:
    """Return what scripts may rely on. Keys of a bucket or a Stripe that is not embedded are nobody's business."""
    seen = parts.variables()
    mail = parts.mail
    return {
        "site": seen["SITE_URL"],
        "storage": {
            "endpoint": seen.get("S3_ENDPOINT_URL") or f"https://s3.{seen['S3_REGION']}.amazonaws.com",
            "bucket": seen["S3_BUCKET"],
            "region": seen["S3_REGION"],
        },
        "stripe": {
            "api": seen.get("STRIPE_API_BASE") or "https://api.stripe.com",
            "key": seen["STRIPE_SECRET_KEY"] if parts.stripe_embedded else None,
            "webhook_secret": seen["STRIPE_WEBHOOK_SECRET"] if parts.stripe_embedded else None,
            "webhook_url": f"{seen['SITE_URL']}/stripe/webhook/",
        },
        "people": {who: {"email": ADDRESSES[who], "password": parts.keys.passwords[who]} for who in ADDRESSES},
        "mail": None if mail is None else str(mail.relative_to(root) if mail.is_relative_to(root) else mail),
    }


def write(path: Path, found: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(found, indent=2) + "\n")
    unfinished.rename(path)


def text(parts: Parts, found: dict[str, Any]) -> str:
    """Return where to look, who to be, and what is fake."""
    site, stripe, bucket = found["site"], found["stripe"]["api"], found["storage"]["endpoint"]
    people = [f"  {person['email']:<24} {person['password']}   {WHO[who]}" for who, person in found["people"].items()]
    fake = [f"  {STANDS_IN[part]}" for part in STANDS_IN if getattr(parts, f"{part}_embedded")]
    own = [f"  {OWN[part]}" for part in STANDS_IN if not getattr(parts, f"{part}_embedded")]
    where = [f"  The site      {site}", f"  The workshop  {site}/admin/"]
    if parts.stripe_embedded:
        where.append(f"  Stripe        {stripe}   (stand-in: its clock, and the mailbox)")
    where.append(f"  The bucket    {bucket}/{found['storage']['bucket']}   (private: a link of its own is refused)")
    if found["mail"]:
        where.append(f"  Mail          {found['mail']}/   (one file a message)")
    return "\n".join(
        ["", "Lectern is running.", "", *where, "", "Sign in as", *people]
        + (["", "Not real here", *fake] if fake else [])
        + (["", "Yours", *own] if own else [])
        + ["", f"Budgets (downloads a minute, sign-ins) are {BUDGET_FACTOR} times the defaults; staff may enter without a second factor.",
           "What is uploaded, bought and watched is there again at the next start; `make demo-reset` starts anew.",
           "Ctrl-C stops everything.", ""]
    )  # fmt: skip


STANDS_IN = {
    "stripe": "Stripe: no money moves. The stand-in's clock can be moved; the site's own clock cannot.",
    "bucket": "The bucket: a folder on this machine that holds every request against its signature, as Amazon S3 does.",
    "database": "The database: an SQLite file.",
}
OWN = {
    "stripe": "Stripe: the account that STRIPE_SECRET_KEY names.",
    "bucket": "The bucket: the one that S3_BUCKET names.",
    "database": "The database: the one that DATABASE_URL names.",
}
