"""A page's frame, and the few pieces of HTML that all of them share."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

ZERO_DECIMAL = set("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())  # noqa: SIM905
THREE_DECIMAL = {"bhd", "jod", "kwd", "omr", "tnd"}
COUNTRIES = {
    "US": "United States",
    "GB": "United Kingdom",
    "AT": "Austria",
    "DE": "Germany",
    "ES": "Spain",
    "FR": "France",
    "IE": "Ireland",
    "IT": "Italy",
    "JP": "Japan",
    "NL": "Netherlands",
}


@dataclass
class Page:
    text: str
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return self.text.encode()


def redirect(address: str) -> Page:
    return Page("", 303, {"Location": address})


def document(title: str, inner: str, *, status: int = 200, wide: bool = False) -> Page:
    """Frame a page. The banner says on every one of them that no money moves."""
    shape = "wide" if wide else "narrow"
    return Page(
        f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Stripe stand-in</title><link rel="stylesheet" href="/style.css"></head>
<body>
<p class="banner"><strong>A stand-in for Stripe.</strong> No money moves, and no card is asked for. <a href="/">Clock and mailbox</a></p>
<main class="{shape}"><h1>{escape(title)}</h1>
{inner}
</main></body></html>""",
        status,
    )


def money(amount: int, currency: str) -> str:
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return f"{amount / 10**digits:,.{digits}f} {currency.upper()}"


def day(moment: int | None) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %B %Y") if moment else "never"


def minute(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %B %Y, %H:%M UTC")


def rhythm(price: dict[str, Any]) -> str:
    recurring = price["recurring"]
    if not recurring:
        return "once"
    count = recurring["interval_count"]
    return f"per {recurring['interval']}" if count == 1 else f"every {count} {recurring['interval']}s"


def button(label: str, name: str, value: str, kind: str = "") -> str:
    return f'<button class="{kind}" name="{name}" value="{escape(value)}">{escape(label)}</button>'


def hidden(**values: str) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items())


def field(label: str, name: str, value: str, *, kind: str = "text", more: str = "") -> str:
    return f'<label>{label}<input type="{kind}" name="{name}" value="{escape(value)}" {more}></label>'


def select(label: str, name: str, choices: dict[str, str], chosen: str) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(said)}</option>'
        for value, said in choices.items()
    )
    return f'<label>{label}<select name="{name}">{options}</select></label>'


def link(label: str, address: str) -> str:
    return f'<p><a href="{escape(address)}">{escape(label)}</a></p>'


STYLE = (Path(__file__).parent / "style.css").read_text()
