"""Request bodies, read once and in pieces: as they are, or aws-chunked with signatures and trailers."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from . import checksums
from .claims import ALGORITHM, UNSIGNED
from .errors import S3Error
from .framing import Chunked, Plain, chunk_size, content_length, incomplete
from .signature import STREAMING, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED, Signed, same, sign

CHUNK = 512 * 1024
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Received:
    """What a body turned out to be: its size in bytes, MD5 as hex, and the checksum it was held against."""

    size: int
    md5: str
    algorithm: str
    checksum: str


class Body:
    """The body of one request, verified as it is read; nothing may be kept before `pieces` has ended."""

    def __init__(self, raw: Plain | Chunked, headers: dict[str, str], signed: Signed) -> None:
        self.raw = raw
        self.headers = headers
        self.signed = signed
        self.trailers: dict[str, str] = {}
        self.size = 0
        self.announced = checksums.announced(headers)
        self.algorithm = self.announced[0] if self.announced else ""
        self.digests = {
            name: checksums.new(name) for name in {"md5", *filter(None, [self.algorithm, self.payload_digest])}
        }
        if signed.payload in STREAMING and self.declared is None:
            raise S3Error("MissingContentLength", "You must provide the x-amz-decoded-content-length header.")

    @property
    def payload_digest(self) -> str:
        return "" if self.signed.payload in STREAMING | {UNSIGNED} else "sha256"

    @property
    def declared(self) -> int | None:
        """The size the client says the object has, in bytes, where it says so."""
        name = "x-amz-decoded-content-length" if self.signed.payload in STREAMING else "content-length"
        return content_length(self.headers.get(name))

    def pieces(self) -> Iterator[memoryview]:
        """The object's bytes, each piece valid until the next; raises S3Error where they are not as promised."""
        buffer = memoryview(bytearray(CHUNK))
        for piece in self.aws_chunks(buffer) if self.signed.payload in STREAMING else self.plain(buffer):
            self.size += len(piece)
            for digest in self.digests.values():
                digest.update(piece)
            yield piece
        self.check()

    def read(self, limit: int) -> bytes:
        """The whole of a small body, such as an XML document."""
        found = bytearray()
        for piece in self.pieces():
            found += piece
            if len(found) > limit:
                raise S3Error("MalformedXML", "The XML you provided was too long.")
        return bytes(found)

    def received(self) -> Received:
        checksum = checksums.encoded(self.digests[self.algorithm].digest()) if self.algorithm else ""
        return Received(self.size, self.digests["md5"].digest().hex(), self.algorithm, checksum)

    def plain(self, buffer: memoryview) -> Iterator[memoryview]:
        while count := self.raw.read(buffer):
            yield buffer[:count]

    def aws_chunks(self, buffer: memoryview) -> Iterator[memoryview]:
        """Undo aws-chunked framing, following the chain of chunk signatures where there is one."""
        chain = Chain(self.signed) if self.signed.payload != STREAMING_UNSIGNED else None
        while True:
            size, _, extension = self.raw.line().strip().partition(b";")
            left = chunk_size(size)
            hashed = hashlib.sha256()
            last = left == 0
            while left:
                count = self.raw.read(buffer[: min(left, CHUNK)])
                if not count:
                    raise incomplete()
                left -= count
                if chain:
                    hashed.update(buffer[:count])
                yield buffer[:count]
            if chain:
                chain.follow(hashed.hexdigest(), extension)
            if last:
                break
            if self.raw.line() != b"\r\n":
                raise incomplete()
        self.read_trailers(chain)

    def read_trailers(self, chain: "Chain | None") -> None:
        for _ in range(16):
            line = self.raw.line()
            if not line:
                break
            name, colon, value = line.decode("latin-1").strip().partition(":")
            if colon:
                self.trailers[name.lower()] = value.strip()
        if chain and self.signed.payload == STREAMING_SIGNED_TRAILER:
            signature = self.trailers.pop("x-amz-trailer-signature", "")
            chain.close("".join(f"{name}:{value}\n" for name, value in sorted(self.trailers.items())), signature)

    def check(self) -> None:
        """Hold the bytes against everything that was said about them."""
        if self.declared is not None and self.size != self.declared:
            raise incomplete()
        if self.payload_digest and self.digests["sha256"].digest().hex() != self.signed.payload:
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise S3Error("XAmzContentSHA256Mismatch", message)
        if "content-md5" in self.headers:
            self.hold(self.headers["content-md5"], "md5", header="content-md5")
        if self.announced:
            header = checksums.PREFIX + self.algorithm
            value = self.announced[1] or self.trailers.get(header, "")
            if not value:
                raise S3Error("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
            self.hold(value, self.algorithm, header=header)

    def hold(self, value: str, algorithm: str, *, header: str) -> None:
        found = self.digests[algorithm].digest()
        if checksums.base64_digest(value, len(found), header=header) != found:
            raise S3Error("BadDigest", f"The {algorithm.upper()} you specified did not match the calculated checksum.")


class Chain:
    """The signatures of a signed aws-chunked body: each covers its chunk and the one before."""

    def __init__(self, signed: Signed) -> None:
        self.signed = signed
        self.previous = signed.signature

    def follow(self, digest: str, extension: bytes) -> None:
        signature = extension.decode("latin-1").removeprefix("chunk-signature=")
        self.hold(f"{ALGORITHM}-PAYLOAD", f"{EMPTY_SHA256}\n{digest}", signature)

    def close(self, trailers: str, signature: str) -> None:
        self.hold(f"{ALGORITHM}-TRAILER", hashlib.sha256(trailers.encode()).hexdigest(), signature)

    def hold(self, kind: str, digests: str, signature: str) -> None:
        text = f"{kind}\n{self.signed.date}\n{self.signed.scope}\n{self.previous}\n{digests}"
        if not same(sign(self.signed.signing_key, text), signature):
            raise S3Error("SignatureDoesNotMatch", "The signature of a chunk does not match its bytes.")
        self.previous = signature
