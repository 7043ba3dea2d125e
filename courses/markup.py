"""Markdown that owners write, and hits that searchers find, made into HTML that is safe to show."""

import re

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

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
    """Escape `text` and mark each of `words` in it, in any case."""
    if not words:
        return mark_safe(escape(text))  # noqa: S308
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    parts = re.split(f"({alternatives})", text, flags=re.IGNORECASE)
    marked = [f"<mark>{escape(part)}</mark>" if index % 2 else escape(part) for index, part in enumerate(parts)]
    return mark_safe("".join(marked))  # noqa: S308


def _kept(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src" and not value.startswith("/media/"):
        return None
    return value
