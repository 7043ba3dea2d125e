"""PDF and captions."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.inspection.reading import KIB, Reader, tail

PADDING = b"\x00\t\n\x0c\r "


def pdf(start: bytes, size: int, read: Reader) -> str | Promise:
    end = tail(size, 2 * KIB, read)
    if b"%%EOF" not in end:
        if b"%%EOF" in tail(size, 66 * KIB, read):
            return _("Something else hangs on the end of this PDF. Export it again and upload that.")
        return _("This PDF breaks off before its end. Export it again, or copy it again, and upload that.")
    if end.rpartition(b"%%EOF")[2].strip(PADDING):
        return _("Something else hangs on the end of this PDF. Export it again and upload that.")
    return ""


def captions(start: bytes, size: int, read: Reader) -> str | Promise:
    """WebVTT. The size of captions is bounded before they are sent, so they are read whole."""
    whole = read(0, size)
    try:
        whole.decode()
    except UnicodeDecodeError:
        return _("These captions are not UTF-8 text. Save them as UTF-8 and upload that.")
    if b"-->" not in whole or b"\x00" in whole:
        return _("These captions hold no line with a time. Export them again and upload that.")
    return ""
