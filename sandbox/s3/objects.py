"""Operations on one object: put, get, head, delete, copy."""

import hashlib
import uuid
from collections.abc import Iterator
from urllib.parse import unquote

from . import conditions
from .answers import Answer, Call, Stream, checksum_headers, iso, object_headers, quoted, xml
from .errors import S3Error, access_denied, element
from .request import Request
from .store import Object, Segment, Store

MAX_OBJECT = 5 * 1024**3
MAX_METADATA = 2048
KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires")
OVERRIDES = {f"response-{name}": name.title() for name in KEPT}
REFUSED = (
    "x-amz-acl",
    "x-amz-grant-",
    "x-amz-tagging",
    "x-amz-object-lock-",
    "x-amz-website-",
    "x-amz-server-side-encryption-",
)
# The access lists that change nothing on a bucket whose owner owns every object.
PRIVATE = {("x-amz-acl", "private"), ("x-amz-acl", "bucket-owner-full-control")}
COPY_CHUNK = 1024 * 1024


def get_object(call: Call) -> Answer:
    """GET and HEAD: the whole, a range, or one part; the bytes leave by sendfile, so nothing of them is read here."""
    found = call.store.open(call.key)
    if found is None:
        raise missing(call, call.key)
    try:
        return opened(call, found)
    except BaseException:
        call.store.release(found.id)
        raise


def opened(call: Call, found: Object) -> Answer:
    headers = object_headers(found) | overrides(call.parameters)
    if conditions.outcome(call.headers, found) == 304:
        call.store.release(found.id)
        return Answer(304, headers)
    span, count = asked_part(call, found)
    if count:
        headers["x-amz-mp-parts-count"] = str(count)
    if span is None and call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        headers |= checksum_headers(found.algorithm, found.checksum)
    start, end = span or (0, found.size)
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    headers["Content-Length"] = str(end - start)
    return Answer(206 if span else 200, headers, stream=Stream(found.id, found.segments, start, end))


def asked_part(call: Call, found: Object) -> tuple[tuple[int, int] | None, int]:
    """The range asked for by `Range` or `partNumber`, and how many parts there are where the latter was."""
    number = call.parameters.get("partNumber")
    if number is None:
        return conditions.byte_range(call.headers, found), 0
    parts = found.segments if "-" in found.etag else (Segment(0, found.size, ""),)
    if not number.isdecimal() or not 1 <= int(number) <= len(parts):
        raise S3Error("InvalidRange", "The requested partnumber is not satisfiable", ActualPartCount=len(parts))
    part = parts[int(number) - 1]
    span = (part.start, part.start + part.size) if part.size else None
    return span, len(parts) if "-" in found.etag else 0


def overrides(parameters: dict[str, str]) -> dict[str, str]:
    """The response-… parameters. Every request here is signed, so they are; what no header can carry is refused."""
    found = {header: parameters[name] for name, header in OVERRIDES.items() if name in parameters}
    for header, value in found.items():
        if any(ord(char) > 255 or (char < " " and char != "\t") or char == "\x7f" for char in value):
            message = "Header value cannot be represented using ISO-8859-1."
            raise S3Error("InvalidArgument", message, ArgumentName=f"response-{header.lower()}")
    return found


def put_object(call: Call) -> Answer:
    headers = kept_headers(call.headers)
    allow = conditions.on_write(call.headers)
    allow_early(call, allow)
    blob = call.store.blobs.write(sized(call))
    received = call.body.received()
    made = call.store.put(call.key, received, blob=blob, headers=headers, now=call.now, allow=allow)
    return Answer(
        200,
        {"ETag": quoted(made.etag), "x-amz-server-side-encryption": "AES256"}
        | checksum_headers(made.algorithm, made.checksum),
    )


def allow_early(call: Call, allow: conditions.Allow) -> None:
    """Refuse before gigabytes are read what would be refused after them; the commit asks again."""
    allow(call.store.get(call.key))


def sized(call: Call) -> Iterator[memoryview]:
    """The body's pieces, once its size is known and allowed."""
    if call.body.declared is None:
        raise S3Error("MissingContentLength", "You must provide the Content-Length HTTP header.")
    if call.body.declared > MAX_OBJECT:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise S3Error("EntityTooLarge", message, ProposedSize=call.body.declared, MaxSizeAllowed=MAX_OBJECT)
    return call.body.pieces()


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers an object keeps; raises S3Error for those that ask for what this bucket does not have."""
    for name, value in headers.items():
        if name.startswith(REFUSED) and (name, value) not in PRIVATE:
            raise access_denied(f"The signer may not set {name}")
    if headers.get("x-amz-storage-class", "STANDARD") != "STANDARD":
        raise S3Error("InvalidStorageClass", "The storage class you specified is not valid")
    kept = {name.title(): headers[name] for name in KEPT if name in headers}
    coding = [item.strip() for item in kept.pop("Content-Encoding", "").split(",")]
    if coding := [item for item in coding if item and item != "aws-chunked"]:
        kept["Content-Encoding"] = ",".join(coding)
    metadata = {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
    if sum(len(name) - len("x-amz-meta-") + len(value) for name, value in metadata.items()) > MAX_METADATA:
        raise S3Error("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
    return kept | metadata


def delete_object(call: Call) -> Answer:
    call.store.delete(call.key)
    return Answer(204)


def copy_object(call: Call) -> Answer:
    """Copy inside the bucket; the copy shares the source's bytes on disk."""
    source = open_source(call)
    try:
        if source.size > MAX_OBJECT:
            raise S3Error(
                "InvalidRequest",
                "The specified copy source is larger than the maximum allowable size for a copy source",
            )
        replacing = call.headers.get("x-amz-metadata-directive", "COPY").upper() == "REPLACE"
        if source.key == call.key and not replacing:
            raise S3Error(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without changing it.",
            )
        made = duplicate(call, source, kept_headers(call.headers) if replacing else source.headers)
    finally:
        call.store.release(source.id)
    return xml("CopyObjectResult", element("LastModified", iso(made.modified)), element("ETag", quoted(made.etag)))


def duplicate(call: Call, source: Object, headers: dict[str, str]) -> Object:
    whole = hashlib.md5(usedforsecurity=False)
    for piece in read_span(call.store, source.segments, 0, source.size):
        whole.update(piece)
    copies = [(call.store.blobs.link(segment.blob), segment.size) for segment in source.segments]
    made = Object(call.key, uuid.uuid4().hex, source.size, whole.hexdigest(), call.now, headers, "", "")
    try:
        call.store.replace(made, copies, allow=conditions.on_write(call.headers))
    except BaseException:
        call.store.blobs.discard(blob for blob, _ in copies)
        raise
    return made


def open_source(call: Call) -> Object:
    """The object x-amz-copy-source names, opened; the signer must be allowed to read it."""
    bucket, key = source_of(call.request)
    call.identity.require("s3:GetObject", key)
    if bucket != call.request.bucket:
        raise S3Error("NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)
    found = call.store.open(key)
    if found is None:
        raise missing(call, key)
    try:
        conditions.on_copy_source(call.headers, found)
    except BaseException:
        call.store.release(found.id)
        raise
    return found


def source_of(request: Request) -> tuple[str, str]:
    path = request.header("x-amz-copy-source").removeprefix("/")
    bucket, slash, key = path.partition("/")
    if not slash or not key or "?" in key:
        raise S3Error("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
    return bucket, unquote(key)


def read_span(store: Store, segments: tuple[Segment, ...], start: int, end: int) -> Iterator[bytes]:
    """Bytes `start` to `end` (excluded) of an opened object, in pieces."""
    for segment in segments:
        first, last = max(start, segment.start), min(end, segment.start + segment.size)
        if first >= last:
            continue
        with store.blobs.path(segment.blob).open("rb") as file:
            file.seek(first - segment.start)
            left = last - first
            while left:
                piece = file.read(min(COPY_CHUNK, left))
                left -= len(piece)
                yield piece


def missing(call: Call, key: str) -> S3Error:
    """404 for a signer who may list the bucket; for others S3 does not tell absence from a refusal."""
    if call.identity.may("s3:ListBucket"):
        return S3Error("NoSuchKey", "The specified key does not exist.", Key=key)
    return access_denied()
