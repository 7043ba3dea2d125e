"""Covers: one ground, one motif, the title large. Books stand (1200 by 1600), courses lie (1600 by 900)."""

import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from sandbox.library.build.chromium import screenshot
from sandbox.library.build.motifs import MOTIFS
from sandbox.library.shapes import Book, TitleSample

LARGEST = 90_000


@dataclass(frozen=True)
class Palette:
    ground: str
    text: str
    ink: str
    light: str
    accent: str


PALETTES = {
    "keeping-a-starter": Palette("#e9b949", "#38220f", "#38220f", "#fbf1d8", "#e3ad34"),
    "slack-water": Palette("#0e4a5b", "#f6f0e0", "#021c26", "#f6f0e0", "#f2a65a"),
    "margins": Palette("#c4432b", "#fdf3e4", "#3b1710", "#fdf3e4", "#e2836b"),
    "folded-and-sewn": Palette("#24493a", "#f4ecd9", "#24493a", "#f4ecd9", "#e5a93c"),
    "the-hour-before-birds": Palette("#e39a83", "#35182b", "#35182b", "#fbe3d2", "#fbd9a0"),
    "drawing-the-stars": Palette("#1c2150", "#f5efdd", "#0b0d26", "#dfe3f5", "#f4c25b"),
    "a-field-guide-to-fog": Palette("#c9d3d4", "#1f3138", "#2d4a55", "#fdfaf0", "#d9622b"),
    "the-quiet-page": Palette("#f3ecdf", "#1d1b18", "#1d1b18", "#ffffff", "#d0492f"),
    "reading-the-tide": Palette("#147086", "#fbf5e6", "#0a3a48", "#fbf0d3", "#f28b50"),
    "the-long-dough": Palette("#efd9b4", "#452613", "#9c5a2a", "#f6e6c8", "#f3cd8d"),
    "listening-walks": Palette("#574a72", "#f6efe6", "#2a2140", "#f1e4f0", "#f3b562"),
}
# Where a long title breaks is the designer's to say.
BREAKS = {
    "keeping-a-starter": ("Keeping", "a Starter"),
    "slack-water": ("Slack", "Water"),
    "folded-and-sewn": ("Folded", "& Sewn"),
    "the-hour-before-birds": ("The Hour", "Before Birds"),
    "drawing-the-stars": ("星を描く",),
    "a-field-guide-to-fog": ("A Field Guide", "to Fog"),
    "the-quiet-page": ("The Quiet", "Page"),
    "reading-the-tide": ("Reading", "the Tide"),
    "the-long-dough": ("The Long", "Dough"),
    "listening-walks": ("Listening", "Walks"),
}
STYLE = """html,body{margin:0}svg{display:block}
.title{font-family:'EB Garamond','Noto Serif CJK JP';font-weight:500;letter-spacing:-0.018em}
.subtitle{font-family:'EB Garamond','Noto Serif CJK JP';font-style:italic}
.ja .title{letter-spacing:.04em;font-weight:600}.ja .subtitle{font-style:normal}
.small{font-family:'Inter','Noto Sans CJK JP';font-weight:500;letter-spacing:.16em}"""


def draw_cover(title: TitleSample, target: Path) -> None:
    """Draw the cover of `title` to `target`, a WebP of at most 90 kB."""
    size = (1200, 1600) if isinstance(title, Book) else (1600, 900)
    drawing = _standing(title) if isinstance(title, Book) else _lying(title)
    palette = PALETTES[title.slug]
    html = (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}:root{{--ground:{palette.ground}}}</style>'
        f'<svg class="{title.language}" lang="{title.language}" xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}">'
        f'<rect width="100%" height="100%" fill="{palette.ground}"/>{drawing}</svg>'
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "cover.png"
        screenshot(html, picture, width=size[0], height=size[1])
        _save(Image.open(picture).convert("RGB"), target)


def small_cover(book: Book, target: Path) -> None:
    """Write the drawn cover again as a smaller JPEG, which goes inside the PDF and the EPUB."""
    small = Image.open(book.cover).convert("RGB").resize((900, 1200), Image.Resampling.LANCZOS)
    small.save(target, "JPEG", quality=74, optimize=True, progressive=True)


def _save(picture: Image.Image, target: Path) -> None:
    for quality in (92, 88, 84, 78, 70):
        picture.save(target, "WEBP", quality=quality, method=6)
        if target.stat().st_size <= LARGEST:
            return
    raise SystemExit(f"{target.name} does not fit in {LARGEST} bytes")


def _standing(title: TitleSample) -> str:
    lines = BREAKS.get(title.slug, (title.title,))
    motif = f'<g transform="translate(100 {650 if len(lines) > 1 else 600}) scale(.95)">{_motif(title)}</g>'
    return motif + _words(title, lines, x=96, top=128, size=188 if max(map(len, lines)) < 12 else 168, tail=54)


def _lying(title: TitleSample) -> str:
    lines = BREAKS.get(title.slug, (title.title,))
    motif = f'<g transform="translate(745 -10) scale(.92)">{_motif(title)}</g>'
    return motif + _words(title, lines, x=88, top=116, size=168, tail=44)


def _motif(title: TitleSample) -> str:
    palette = PALETTES[title.slug]
    return MOTIFS[title.slug](palette.ink, palette.light, palette.accent)


def _words(title: TitleSample, lines: tuple[str, ...], *, x: int, top: int, size: int, tail: int) -> str:
    colour = PALETTES[title.slug].text
    first = top + round(size * 1.06)
    last = first + round(size * 0.92) * (len(lines) - 1)
    parts = [
        f'<g fill="{colour}"><circle cx="{x + 11}" cy="{top - 9}" r="11"/>',
        f'<path d="M{x - 2} {top + 11} q13 -12 26 0" fill="none" stroke="{colour}" stroke-width="4"/>',
        f'<text class="small" x="{x + 42}" y="{top}" font-size="25">SLOW HARBOUR</text>',
    ]
    for index, line in enumerate(lines):
        parts.append(
            f'<text class="title" x="{x - 6}" y="{first + index * round(size * 0.92)}" font-size="{size}">{escape(line)}</text>'
        )
    parts.append(
        f'<text class="subtitle" x="{x}" y="{last + round(tail * 1.85)}" font-size="{tail}">{escape(title.subtitle)}</text>'
    )
    author = escape(title.author if title.language == "ja" else title.author.upper())
    parts.append(f'<text class="small" x="{x}" y="{last + round(tail * 1.85) + 66}" font-size="27">{author}</text></g>')
    return "".join(parts)
