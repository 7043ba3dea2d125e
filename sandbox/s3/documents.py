"""The XML that clients send, read without entities and without trust."""

from xml.etree import ElementTree

from .errors import S3Error

MAX_DOCUMENT = 4 * 1024 * 1024


def parse(text: bytes, root: str) -> ElementTree.Element:
    """The document's root with namespaces taken off; raises MalformedXML for anything else."""
    # Without declarations there are no entities to expand; a zero byte would be UTF-16, where they could hide.
    if b"<!" in text or b"\0" in text:
        raise malformed()
    try:
        tree = ElementTree.fromstring(text)  # noqa: S314 - what makes XML dangerous was refused above
    except (ElementTree.ParseError, ValueError):
        raise malformed() from None
    for item in tree.iter():
        item.tag = item.tag.rpartition("}")[2]
    if tree.tag != root:
        raise malformed()
    return tree


def malformed() -> S3Error:
    return S3Error(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )
