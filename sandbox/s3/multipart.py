"""Operations on a multipart upload: create, put a part, copy a part, list, complete, abort."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from xml.etree.ElementTree import Element

from . import checksums, conditions, documents, uploads
from .answers import Answer, Call, iso, quoted, xml
from .errors import S3Error, element
from .objects import kept_headers, open_source, read_span, sized
from .payload import Received
from .store import Object
from .uploads import MAX_PART_NUMBER, Named, Upload

MAX_PAGE = 1000


def create(call: Call) -> Answer:
    """Begin an upload; a checksum algorithm named here binds every part."""
    algorithm = call.headers.get("x-amz-checksum-algorithm", "")
    algorithm = checksums.supported(algorithm) if algorithm else ""
    if call.headers.get("x-amz-checksum-type", "COMPOSITE").upper() != "COMPOSITE":
        raise S3Error("InvalidRequest", "This bucket keeps composite checksums of multipart uploads only.")
    upload = uploads.begin(call.store, call.key, headers=kept_headers(call.headers), algorithm=algorithm, now=call.now)
    extra = {"x-amz-checksum-algorithm": algorithm.upper(), "x-amz-checksum-type": "COMPOSITE"} if algorithm else {}
    names = (element("Bucket", call.request.bucket), element("Key", call.key), element("UploadId", upload.id))
    return xml("InitiateMultipartUploadResult", *names, headers=extra)


def upload_part(call: Call) -> Answer:
    number, upload = asked_number(call), asked_upload(call)
    if upload.algorithm and call.body.algorithm != upload.algorithm:
        expected, actual = upload.algorithm, call.body.algorithm or "null"
        message = f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
        raise S3Error("InvalidRequest", message)
    blob = call.store.blobs.write(sized(call))
    received = call.body.received()
    uploads.add_part(call.store, upload, number, received=received, blob=blob, now=call.now)
    checksum = {f"x-amz-checksum-{received.algorithm}": received.checksum} if received.algorithm else {}
    return Answer(200, {"ETag": quoted(received.md5), "x-amz-server-side-encryption": "AES256"} | checksum)


def copy_part(call: Call) -> Answer:
    """UploadPartCopy: a range of an object as a part."""
    number, upload = asked_number(call), asked_upload(call)
    source = open_source(call)
    digests = {name: checksums.new(name) for name in {"md5", *filter(None, [upload.algorithm])}}
    try:
        start, end = source_range(call, source.size)
        span = read_span(call.store, source.segments, start, end)
        blob = call.store.blobs.write(digested(span, digests.values()))
    finally:
        call.store.release(source.id)
    checksum = checksums.encoded(digests[upload.algorithm].digest()) if upload.algorithm else ""
    received = Received(end - start, digests["md5"].digest().hex(), upload.algorithm, checksum)
    uploads.add_part(call.store, upload, number, received=received, blob=blob, now=call.now)
    extra = [element(f"Checksum{upload.algorithm.upper()}", checksum)] if upload.algorithm else []
    when = element("LastModified", iso(call.now))
    return xml("CopyPartResult", when, element("ETag", quoted(received.md5)), *extra)


def digested(pieces: Iterable[bytes], digests: Collection[checksums.Digest]) -> Iterator[bytes]:
    for piece in pieces:
        for digest in digests:
            digest.update(piece)
        yield piece


def source_range(call: Call, size: int) -> tuple[int, int]:
    asked = call.headers.get("x-amz-copy-source-range")
    if asked is None:
        return 0, size
    match = re.fullmatch(r"bytes=([0-9]{1,18})-([0-9]{1,18})", asked)
    if not match or not int(match[1]) <= int(match[2]) < size:
        raise S3Error(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last within the object",
        )
    return int(match[1]), int(match[2]) + 1


def list_parts(call: Call) -> Answer:
    upload = asked_upload(call)
    limit, after = (
        number_parameter(call, "max-parts", MAX_PAGE),
        number_parameter(call, "part-number-marker", 0, most=MAX_PART_NUMBER),
    )
    found = uploads.parts(call.store, upload.id, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    head = [element("Bucket", call.request.bucket), element("Key", call.key), element("UploadId", upload.id)]
    head += [element("PartNumberMarker", after), element("MaxParts", limit), element("IsTruncated", str(more).lower())]
    if shown:
        head.append(element("NextPartNumberMarker", shown[-1].number))
    if upload.algorithm:
        head += [element("ChecksumAlgorithm", upload.algorithm.upper()), element("ChecksumType", "COMPOSITE")]
    return xml(
        "ListPartsResult", *head, element("StorageClass", "STANDARD"), *(part_element(upload, part) for part in shown)
    )


def part_element(upload: Upload, part: uploads.Part) -> str:
    checksum = [element(f"Checksum{upload.algorithm.upper()}", part.checksum)] if upload.algorithm else []
    size, when = element("Size", part.size), element("LastModified", iso(part.modified))
    return element(
        "Part", element("PartNumber", part.number), when, element("ETag", quoted(part.etag)), size, *checksum
    )


def complete(call: Call) -> Answer:
    upload = asked_upload(call)
    tree = documents.parse(call.body.read(documents.MAX_DOCUMENT), "CompleteMultipartUpload")
    named = [named_part(item) for item in tree.findall("Part")]
    if not named or len(named) > MAX_PART_NUMBER:
        raise documents.malformed()
    allow = conditions.on_write(call.headers)
    made = uploads.complete(call.store, upload, named, now=call.now, allow=allow, check=promised(call.headers))
    content = [element("Location", f"/{call.request.bucket}/{call.key}"), element("Bucket", call.request.bucket)]
    content += [element("Key", call.key), element("ETag", quoted(made.etag))]
    if made.algorithm:
        content += [element(f"Checksum{made.algorithm.upper()}", made.checksum), element("ChecksumType", "COMPOSITE")]
    return xml("CompleteMultipartUploadResult", *content)


def promised(headers: dict[str, str]) -> Callable[[Object], None]:
    """The check that an object has the size and the checksum its completion names, where it names them."""

    def check(made: Object) -> None:
        size = headers.get("x-amz-mp-object-size", str(made.size))
        if size != str(made.size):
            raise S3Error("InvalidRequest", f"The object has {made.size} bytes, not {size}.")
        whole = headers.get(checksums.PREFIX + made.algorithm, made.checksum) if made.algorithm else ""
        if whole.partition("-")[0] != made.checksum.partition("-")[0]:
            raise S3Error("BadDigest", f"The {made.algorithm} you specified did not match the calculated checksum.")

    return check


def named_part(item: Element) -> Named:
    number, etag = item.findtext("PartNumber", ""), item.findtext("ETag", "")
    if not re.fullmatch(r"[0-9]{1,5}", number.strip()) or not etag:
        raise documents.malformed()
    checksum = next((text.text or "" for text in item if text.tag.startswith("Checksum")), "")
    return Named(int(number), etag.strip().strip('"'), checksum.strip())


def abort(call: Call) -> Answer:
    uploads.abort(call.store, asked_upload(call))
    return Answer(204)


def asked_upload(call: Call) -> Upload:
    return uploads.find(call.store, call.key, call.parameters.get("uploadId", ""))


def asked_number(call: Call) -> int:
    number = call.parameters.get("partNumber", "")
    if not re.fullmatch(r"[0-9]{1,9}", number) or not 1 <= int(number) <= MAX_PART_NUMBER:
        message = f"Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive"
        raise S3Error("InvalidArgument", message, ArgumentName="partNumber", ArgumentValue=number)
    return int(number)


def number_parameter(call: Call, name: str, default: int, *, most: int = MAX_PAGE) -> int:
    value = call.parameters.get(name, "")
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise S3Error("InvalidArgument", f"Provided {name} not an integer or within integer range", ArgumentName=name)
    return min(int(value), most)
