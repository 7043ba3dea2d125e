"""Markdown that owners write, and hits that searchers find, made into HTML that is safe to show."""

import re

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from courses.words import fold_one

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "hr", "img", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
SCHEMES = {"http", "https", "mailto"}


def to_html(text: str) -> SafeString:
    """Render Markdown. Its highest heading becomes h2, for the page has its h1; pictures come from our own media alone."""
    tokens = PARSER.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=2)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + 2, 6)}"
    html = PARSER.renderer.render(tokens, PARSER.options, {})
    cleaned = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=_kept, url_schemes=SCHEMES)
    return mark_safe(cleaned)  # noqa: S308


def highlight(text: str, words: list[str]) -> SafeString:
    """Escape `text` and mark each of `words` in it, which are folded: in any case, with and without accents."""
    folded = [fold_one(letter) for letter in text]
    # Where each letter of the folded text came from.
    origin = [place for place, letters in enumerate(folded) for _ in letters]
    alternatives = "|".join(re.escape(word) for word in sorted(filter(None, words), key=len, reverse=True))
    parts, done = [], 0
    for hit in re.finditer(alternatives, "".join(folded)) if alternatives else ():
        start, end = origin[hit.start()], origin[hit.end() - 1] + 1
        while end < len(text) and not folded[end]:
            end += 1  # An accent of its own belongs to the letter before it.
        parts += [escape(text[done:start]), f"<mark>{escape(text[start:end])}</mark>"]
        done = end
    return mark_safe("".join([*parts, escape(text[done:])]))  # noqa: S308


def _kept(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src" and not value.startswith("/media/"):
        return None
    return value
