"""A page's frame, and the few pieces of HTML that all of them share."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

ZERO_DECIMAL = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "ugx",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
}


@dataclass
class Page:
    text: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

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
    digits = 0 if currency in ZERO_DECIMAL else 2
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


STYLE = """
:root { color-scheme: light dark; --ground: light-dark(#f6f7fb, #12141c); --sheet: light-dark(#fff, #1b1e2a);
  --ink: light-dark(#1b1f2b, #e9ebf3); --quiet: light-dark(#565d70, #a9b0c3); --line: light-dark(#dfe2ec, #333849);
  --accent: light-dark(#4a3fd1, #a49cff); --on-accent: light-dark(#fff, #14122b); --warn: light-dark(#fff3d6, #3a2f12); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--accent); }
.banner { margin: 0; padding: .6rem 1rem; background: var(--warn); text-align: center; font-size: .9rem; }
main { margin: 2rem auto; padding: clamp(1rem, 4vw, 2rem); background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; }
main.narrow { max-width: 30rem; } main.wide { max-width: 62rem; }
@media (max-width: 34rem) { main { margin: 0; border: 0; border-radius: 0; } }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
form { display: grid; gap: .75rem; margin: 1rem 0; } form.row { display: flex; flex-wrap: wrap; }
label { display: grid; gap: .25rem; font-weight: 600; } label.line { display: flex; gap: .5rem; font-weight: 400; }
input { font: inherit; padding: .6rem .7rem; border: 1px solid var(--quiet); border-radius: .4rem; background: var(--ground); color: inherit; width: 100%; }
input[type=checkbox] { width: auto; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1rem; border-radius: .4rem; border: 1px solid var(--quiet);
  background: transparent; color: inherit; cursor: pointer; }
button.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .6rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.scroll { overflow-x: auto; } .quiet { color: var(--quiet); } .total { font-size: 1.25rem; font-weight: 700; }
.error { padding: .75rem; border: 1px solid; border-radius: .4rem; color: light-dark(#a3142b, #ff9dab); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; } iframe { width: 100%; min-height: 32rem; border: 1px solid var(--line); background: #fff; }
"""
