"""Operations on the bucket: list objects, list uploads, delete several, head, location."""

import base64
import binascii
from collections.abc import Callable
from urllib.parse import quote

from . import cors, documents, listing, uploads
from .answers import Answer, Call, iso, quoted, xml
from .errors import S3Error, element
from .multipart import MAX_PAGE, number_parameter
from .store import Object


def head(call: Call) -> Answer:
    return Answer(200, {"x-amz-bucket-region": call.region, "Content-Type": "application/xml"})


def location(call: Call) -> Answer:
    return xml("LocationConstraint", "" if call.region == "us-east-1" else call.region)


def list_objects(call: Call) -> Answer:
    """ListObjectsV2; the continuation token is the last key or prefix, opaque to the client."""
    asked = call.parameters
    prefix, delimiter, token = asked.get("prefix", ""), asked.get("delimiter", ""), asked.get("continuation-token", "")
    limit = number_parameter(call, "max-keys", MAX_PAGE)
    after = from_token(token) if token else asked.get("start-after", "")
    page = listing.list_page(call.store, prefix, delimiter=delimiter, after=after, limit=limit)
    spell = speller(asked)
    content = [element("Name", call.request.bucket), element("Prefix", spell(prefix)), element("MaxKeys", limit)]
    content += [element("KeyCount", page.count), element("IsTruncated", str(bool(page.last)).lower())]
    for name, value in (
        ("Delimiter", spell(delimiter)),
        ("StartAfter", spell(asked.get("start-after", ""))),
        ("ContinuationToken", token),
    ):
        if value:
            content.append(element(name, value))
    if page.last:
        content.append(element("NextContinuationToken", to_token(page.last)))
    if asked.get("encoding-type") == "url":
        content.append(element("EncodingType", "url"))
    content += [entry(item, spell(item.key)) for item in page.objects]
    content += [element("CommonPrefixes", element("Prefix", spell(item))) for item in page.prefixes]
    return xml("ListBucketResult", *content)


def entry(item: Object, key: str) -> str:
    size, kind = element("Size", item.size), element("StorageClass", "STANDARD")
    checksum = [element("ChecksumAlgorithm", item.algorithm.upper())] if item.algorithm else []
    return element(
        "Contents",
        element("Key", key),
        element("LastModified", iso(item.modified)),
        element("ETag", quoted(item.etag)),
        *checksum,
        size,
        kind,
    )


def list_uploads(call: Call) -> Answer:
    asked, spell = call.parameters, speller(call.parameters)
    prefix, limit = asked.get("prefix", ""), number_parameter(call, "max-uploads", MAX_PAGE)
    if asked.get("delimiter"):
        raise S3Error("NotImplemented", "Uploads are listed without a delimiter here.")
    # Without an upload id the marker means: after every upload of that key.
    after = (asked.get("key-marker", ""), asked.get("upload-id-marker") or ("~" if asked.get("key-marker") else ""))
    found = uploads.page(call.store, prefix, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    content = [element("Bucket", call.request.bucket), element("Prefix", spell(prefix)), element("MaxUploads", limit)]
    content += [
        element("KeyMarker", spell(asked.get("key-marker", ""))),
        element("UploadIdMarker", asked.get("upload-id-marker", "")),
    ]
    content.append(element("IsTruncated", str(more).lower()))
    if more and shown:
        content += [element("NextKeyMarker", spell(shown[-1].key)), element("NextUploadIdMarker", shown[-1].id)]
    if asked.get("encoding-type") == "url":
        content.append(element("EncodingType", "url"))
    for item in shown:
        names = (element("Key", spell(item.key)), element("UploadId", item.id))
        content.append(
            element("Upload", *names, element("StorageClass", "STANDARD"), element("Initiated", iso(item.started)))
        )
    return xml("ListMultipartUploadsResult", *content)


def delete_objects(call: Call) -> Answer:
    """DeleteObjects: up to 1,000 keys, each allowed or refused by itself."""
    if "content-md5" not in call.headers and not call.body.algorithm:
        raise S3Error("InvalidRequest", "Missing required header for this request: Content-MD5 or x-amz-checksum-*")
    tree = documents.parse(call.body.read(documents.MAX_DOCUMENT), "Delete")
    keys = [item.findtext("Key", "") for item in tree.findall("Object")]
    if not 1 <= len(keys) <= MAX_PAGE or not all(keys):
        raise documents.malformed()
    quiet = tree.findtext("Quiet", "").strip().lower() == "true"
    return xml("DeleteResult", *(outcome for key in keys if (outcome := delete_one(call, key, quiet=quiet))))


def delete_one(call: Call, key: str, *, quiet: bool) -> str:
    if not call.identity.may("s3:DeleteObject", key):
        return element(
            "Error", element("Key", key), element("Code", "AccessDenied"), element("Message", "Access Denied")
        )
    call.store.delete(key)
    return "" if quiet else element("Deleted", element("Key", key))


def get_cors(call: Call) -> Answer:
    """GetBucketCors: the one rule that this bucket has."""
    if not call.cors_origins:
        raise S3Error("NoSuchCORSConfiguration", "The CORS configuration does not exist")
    rule = [element("AllowedOrigin", origin) for origin in call.cors_origins]
    rule += [element("AllowedMethod", method) for method in cors.METHODS]
    rule += [element("ExposeHeader", name) for name in cors.EXPOSED.split(", ")]
    return xml("CORSConfiguration", element("CORSRule", *rule))


def put_cors(call: Call) -> Answer:
    """PutBucketCors: of the rules it takes the origins; methods and headers stay what they are here."""
    tree = documents.parse(call.body.read(documents.MAX_DOCUMENT), "CORSConfiguration")
    call.cors_origins[:] = [item.text or "" for item in tree.iter("AllowedOrigin")]
    return Answer(200)


def speller(asked: dict[str, str]) -> Callable[[str], str]:
    """How keys are written: percent-encoded where the client asked for that, which boto3 always does."""
    kind = asked.get("encoding-type", "")
    if kind not in {"", "url"}:
        raise S3Error("InvalidArgument", "Invalid Encoding Method specified in Request", ArgumentName="encoding-type")
    return (lambda text: quote(text, safe="/-_.~*")) if kind else str


def to_token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def from_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise S3Error(
            "InvalidArgument", "The continuation token provided is incorrect", ArgumentName="continuation-token"
        ) from None
