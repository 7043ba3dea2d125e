"""S3's refusals: a code, its status, a message, and the XML they travel in."""

from xml.sax.saxutils import escape

STATUS = {
    "AccessControlListNotSupported": 400,
    "AccessDenied": 403,
    "AccessForbidden": 403,
    "AuthorizationHeaderMalformed": 400,
    "AuthorizationQueryParametersError": 400,
    "BadDigest": 400,
    "BadRequest": 400,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "IncompleteBody": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidDigest": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRange": 416,
    "InvalidRequest": 400,
    "InvalidStorageClass": 400,
    "InvalidToken": 400,
    "InvalidURI": 400,
    "KeyTooLongError": 400,
    "MalformedXML": 400,
    "MalformedTrailerError": 400,
    "MetadataTooLarge": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "MissingSecurityHeader": 400,
    "NoSuchBucket": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "RequestTimeout": 400,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
    "XAmzContentSHA256Mismatch": 400,
}


class S3Error(Exception):
    """A refusal as S3 words it; `details` become elements beside Code and Message."""

    def __init__(self, code: str, message: str = "", **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.status = STATUS[code]
        self.message = message or code
        self.details = details


def access_denied(message: str = "Access Denied", **details: object) -> S3Error:
    return S3Error("AccessDenied", message, **details)


def element(name: str, *content: object) -> str:
    """One XML element; strings that are already elements are marked by `Markup`."""
    inner = "".join(item if isinstance(item, Markup) else text(item) for item in content)
    return Markup(f"<{name}>{inner}</{name}>")


def text(value: object) -> str:
    """Escape for XML; control characters become references, as S3 writes them."""
    escaped = escape(str(value))
    return "".join(char if char >= " " or char in "\t\n" else f"&#x{ord(char):x};" for char in escaped)


def document(name: str, *content: object) -> bytes:
    """A whole answer in S3's namespace."""
    inner = element(name, *content).replace(name, f'{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', 1)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + inner.encode()


def error_document(error: S3Error, resource: str, request_id: str) -> bytes:
    details = [element(name, value) for name, value in error.details.items()]
    head = [element("Code", error.code), element("Message", error.message), *details]
    tail = [element("Resource", resource), element("RequestId", request_id)]
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + element("Error", *head, *tail).encode()


class Markup(str):
    """Text that is XML already."""
