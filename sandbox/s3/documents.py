"""The XML that clients send, read without entities and without trust."""

from xml.etree import ElementTree

from .errors import S3Error

MAX_DOCUMENT = 4 * 1024 * 1024


def parse(text: bytes, root: str) -> ElementTree.Element:
    """The document's root with namespaces taken off; raises MalformedXML for anything else."""
    try:
        if b"<!" in text:
            raise ElementTree.ParseError
        tree = ElementTree.fromstring(text)
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
