"""The checksums a body can be held against, fed chunk by chunk."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable
from typing import Protocol

from .errors import S3Error

ALGORITHMS = ("sha256", "sha1", "crc32")
# Real S3 knows these as well; the standard library has no fast version of them.
UNSUPPORTED = ("crc32c", "crc64nvme", "sha512", "md5", "xxhash64", "xxhash3", "xxhash128")
PREFIX = "x-amz-checksum-"


class Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    def __init__(self) -> None:
        self.value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self.value = zlib.crc32(data, self.value)

    def digest(self) -> bytes:
        return self.value.to_bytes(4, "big")


def new(algorithm: str) -> Digest:
    """A fresh digest of `md5` or one of ALGORITHMS."""
    return Crc32() if algorithm == "crc32" else hashlib.new(algorithm, usedforsecurity=False)


def supported(algorithm: str) -> str:
    """The algorithm's name in lower case; raises S3Error where this bucket cannot compute it."""
    name = algorithm.lower()
    if name not in ALGORITHMS:
        known = ", ".join(item.upper() for item in ALGORITHMS)
        raise S3Error("InvalidRequest", f"This bucket checks {known} and no other checksum algorithm.")
    return name


def base64_digest(value: str, size: int, *, header: str) -> bytes:
    """Decode a checksum header; raises InvalidDigest or InvalidRequest unless it has `size` bytes."""
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) == size:
        return digest
    if header == "content-md5":
        raise S3Error("InvalidDigest", "The Content-MD5 you specified was invalid.")
    raise S3Error("InvalidRequest", f"Value for {header} header is invalid.")


def announced(headers: dict[str, str]) -> tuple[str, str] | None:
    """The (algorithm, value) of the one checksum header sent; a trailer's value is empty, for it is yet to come."""
    found = list(sent_checksums(headers))
    if len(found) > 1:
        raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header")
    hint = headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    if hint and not found:
        message = "x-amz-sdk-checksum-algorithm specified, but no x-amz-checksum-* or x-amz-trailer header was found."
        raise S3Error("InvalidRequest", message)
    if hint and found[0][0] != hint:
        raise S3Error("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.")
    return (supported(found[0][0]), found[0][1]) if found else None


def sent_checksums(headers: dict[str, str]) -> Iterable[tuple[str, str]]:
    for algorithm in (*ALGORITHMS, *UNSUPPORTED):
        if PREFIX + algorithm in headers:
            yield algorithm, headers[PREFIX + algorithm]
    trailer = headers.get("x-amz-trailer", "").strip().lower()
    if trailer.startswith(PREFIX):
        yield trailer.removeprefix(PREFIX), ""
    elif trailer:
        raise S3Error("InvalidRequest", "The value specified in the x-amz-trailer header is not supported")


def encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """The checksum of a multipart object: the checksum of its parts' checksums, and how many they were."""
    whole, count = new(algorithm), 0
    for part in parts:
        whole.update(base64.b64decode(part))
        count += 1
    return f"{encoded(whole.digest())}-{count}"
