"""Whether a request for a file is a person's own click, by what browsers say of it."""

from typing import Any

EMBEDS = {"image", "script", "style", "font", "iframe", "frame", "object", "embed", "worker", "manifest", "report"}


def is_not_a_click(headers: Any) -> bool:
    return is_speculative(headers) or is_embedded(headers)


def is_speculative(headers: Any) -> bool:
    """Tell whether a browser or proxy fetches ahead of a click that may never come."""
    purposes = " ".join(headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")).lower()
    return any(word in purposes for word in ("prefetch", "prerender", "preview"))


def is_our_frame(headers: Any) -> bool:
    """Tell whether a page of this site has put this into a frame, as the reader does."""
    site, destination = (headers.get(f"Sec-Fetch-{name}", "").lower() for name in ("Site", "Dest"))
    return bool(site == "same-origin" and destination == "iframe")


def is_embedded(headers: Any) -> bool:
    """Tell whether a page loads this as a part of itself, or another site does so by script; a navigation from anywhere is welcome.

    Clients that send no Sec-Fetch headers (download managers, curl, old browsers) are not embedded.
    Source: https://www.w3.org/TR/fetch-metadata/
    """
    site, mode, destination = (headers.get(f"Sec-Fetch-{name}", "").lower() for name in ("Site", "Mode", "Dest"))
    if destination in EMBEDS or (destination == "empty" and mode == "no-cors"):
        return True
    return site in ("cross-site", "same-site") and destination != "document"


def is_own_click(headers: Any) -> bool:
    """Tell whether somebody followed a link of ours or opened the address themselves, so that a page may stay while the file comes.

    Only browsers that say so: whatever else asks (a script, a download manager, a link in a mail, a reload) is given the file itself.
    """
    site, mode, destination, user = (
        headers.get(f"Sec-Fetch-{name}", "").lower() for name in ("Site", "Mode", "Dest", "User")
    )
    return site in ("same-origin", "none") and (mode, destination, user) == ("navigate", "document", "?1")


def is_part(headers: Any) -> bool:
    """Tell whether less than the whole is asked for: somebody goes on with a file, or fetches it in several pieces."""
    asked = headers.get("Range", "").replace(" ", "").lower()
    return asked.startswith("bytes=") and asked != "bytes=0-"


def has_it_whole(headers: Any, size: int) -> bool:
    """Tell whether a client that holds `size` bytes asks for what follows them, which is nothing."""
    return headers.get("Range", "").replace(" ", "").lower() == f"bytes={size}-"
