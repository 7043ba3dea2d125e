"""One connection: requests in, answers out, bodies streamed both ways."""

import logging
import secrets
import socket
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from . import cors, framing, payload, routes, signature
from .answers import Answer, Call, Stream, http_date
from .chaos import CUT, HANG, Kind
from .errors import S3Error, error_document
from .journal import LogEntry, without_secrets
from .request import Request, hoisted, parse
from .wire import Incoming, header_map, wire

if TYPE_CHECKING:
    from .server import BucketServer

logger = logging.getLogger(__name__)
SERVER = "lectern-sandbox-bucket"
# What is left of a refused body is read where it is small, to keep the connection; a larger one costs the connection.
DRAIN = 256 * 1024
LINGER_SECONDS, LINGER_BYTES = 5.0, 64 * 1024 * 1024


@dataclass
class Seen:
    """What is known of a request while it is being answered."""

    id: str
    request: Request | None = None
    operation: str = ""
    identity: str = ""
    body: payload.Body | None = None
    chaos: Kind | None = None
    code: str = ""
    sent: int = 0


class DroppedError(Exception):
    """The connection is to end without an answer."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.bucket: BucketServer = self.server.bucket  # type: ignore[attr-defined]
        self.source = Incoming(self)
        self.raw: framing.Plain | framing.Chunked = framing.Plain(self.source, 0)

    def handle_expect_100(self) -> bool:
        """Promise nothing yet: a refused upload should not be sent at all."""
        self.source.expecting = True
        return True

    def reply(self) -> None:
        """Answer one request, whatever happens, and write it down."""
        seen = Seen(secrets.token_hex(8).upper())
        entry = None
        try:
            answer = self.answer(seen)
            if seen.chaos == "lost":
                self.release(answer.stream)
                raise DroppedError
            entry = self.note(seen, answer.status)
            self.send(answer, seen)
        except (DroppedError, OSError):
            self.close_connection = True
        entry = entry or self.note(seen, 0)
        entry.sent = seen.sent
        entry.write()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = reply  # noqa: N815 - the base class asks so

    def answer(self, seen: Seen) -> Answer:
        try:
            headers = header_map(self.headers)
            self.raw = framing.open_body(self.source, headers)
        except S3Error as error:
            # Where this body ends is unknown, so no other request can follow it.
            self.close_connection = True
            return self.refusal(error, seen)
        answer = self.attempt(headers, seen)
        if self.command != "OPTIONS":
            answer.headers |= cors.response_headers(headers, self.bucket.cors_origins, method=self.command)
        return answer

    def attempt(self, headers: dict[str, str], seen: Seen) -> Answer:
        """Operate, or put into S3's words why not."""
        try:
            return self.operate(headers, seen)
        except S3Error as error:
            return self.refusal(error, seen)
        except TimeoutError:
            self.close_connection = True
            return self.refusal(S3Error("RequestTimeout", "Nothing was read from your connection for too long."), seen)
        except (DroppedError, ConnectionError):
            raise
        except Exception:
            logger.exception("request %s failed", seen.id)
            return self.refusal(S3Error("InternalError", "We encountered an internal error. Please try again."), seen)

    def operate(self, headers: dict[str, str], seen: Seen) -> Answer:
        """Verify, allow, run: in this order, and nothing of the body is read before the last."""
        bucket = self.bucket
        if "host" not in headers:
            raise S3Error("BadRequest", "Missing Host header")
        seen.request = request = parse(self.command, self.target(), headers, bucket.bucket)
        if self.command == "OPTIONS":
            return cors.preflight(headers, bucket.cors_origins)
        self.misbehave(seen, request)
        now = bucket.clock()
        signed = signature.verify(request, bucket.identities, region=bucket.region, now=now, leniency=bucket.leniency)
        seen.identity = signed.identity.name
        operation = routes.operation(request)
        seen.operation = operation.name
        if operation.action:
            signed.identity.require(operation.action, request.key or None)
        if request.bucket != bucket.bucket:
            raise S3Error("NoSuchBucket", "The specified bucket does not exist", BucketName=request.bucket)
        effective = bucket.leniency.heeded(hoisted(request) | headers)
        seen.body = payload.Body(self.raw, operation.body_headers(effective), signed)
        if bucket.store is None:
            raise DroppedError
        what = (request, effective, signed.identity, seen.body, bucket.store, bucket.region, now.replace(microsecond=0))
        try:
            return operation.run(Call(*what, bucket.cors_origins))
        except S3Error as error:
            if bucket.leniency.immortal and (operation.name, error.code) == ("UploadPart", "NoSuchUpload"):
                return Answer(200)
            raise

    def misbehave(self, seen: Seen, request: Request) -> None:
        """Carry out the failure a test has ordered for this request."""
        seen.chaos = self.bucket.chaos.take(request)
        if seen.chaos == "SlowDown":
            raise S3Error("SlowDown", "Please reduce your request rate.")
        if seen.chaos == "InternalError":
            raise S3Error("InternalError", "We encountered an internal error. Please try again.")
        if seen.chaos == "hang":
            self.bucket.stopping.wait(HANG)
        if seen.chaos in {"hang", "reset"}:
            raise DroppedError

    def target(self) -> str:
        """The request target as it came: the base class folds leading slashes, and a key may begin with one."""
        return self.requestline.split()[1]

    def refusal(self, error: S3Error, seen: Seen) -> Answer:
        seen.code = error.code
        resource = f"/{seen.request.bucket}/{seen.request.key}" if seen.request else "/"
        headers = {"Content-Type": "application/xml", "x-amz-bucket-region": self.bucket.region}
        return Answer(error.status, headers, error_document(error, resource, seen.id))

    def send(self, answer: Answer, seen: Seen) -> None:
        try:
            self.settle_body()
            self.send_head(answer, seen)
            if self.command == "HEAD" or answer.status in {204, 304}:
                return
            if answer.stream is None:
                self.wfile.write(answer.body)
                seen.sent = len(answer.body)
            else:
                self.send_stream(answer.stream, seen)
        finally:
            self.release(answer.stream)
            if self.close_connection and not self.raw.done:
                self.linger()

    def settle_body(self) -> None:
        """Read what is left of a body, or give the connection up where that is much or was never asked for."""
        if self.raw.done or isinstance(self.raw, framing.Chunked) or self.source.expecting or self.raw.left > DRAIN:
            self.close_connection |= not self.raw.done
            self.source.expecting = False
            return
        buffer = memoryview(bytearray(DRAIN))
        try:
            while self.raw.read(buffer):
                pass
        except (S3Error, OSError):
            self.close_connection = True

    def send_head(self, answer: Answer, seen: Seen) -> None:
        headers = {
            "x-amz-request-id": seen.id,
            "x-amz-id-2": seen.id,
            "Date": http_date(self.bucket.clock()),
            "Server": SERVER,
        }
        headers |= answer.headers
        if answer.status not in {204, 304}:
            headers.setdefault("Content-Length", str(len(answer.body)))
        if self.close_connection:
            headers["Connection"] = "close"
        phrase = self.responses.get(answer.status, ("Unknown",))[0]
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        # More is announced only where more comes: the kernel holds a lone head back for 200 ms.
        streaming = answer.stream and answer.stream.end > answer.stream.start and self.command != "HEAD"
        more = socket.MSG_MORE if streaming else 0
        self.connection.sendall(b"\r\n".join(wire(line) for line in lines), more)

    def send_stream(self, stream: Stream, seen: Seen) -> None:
        """Hand files to the socket inside the kernel; the process never holds their bytes."""
        blobs = self.bucket.store.blobs if self.bucket.store else None
        end = (stream.start + stream.end) // 2 if seen.chaos == "cut" else stream.end
        for segment in stream.segments:
            first, last = max(stream.start, segment.start), min(end, segment.start + segment.size)
            if blobs is None or first >= last:
                continue
            with blobs.path(segment.blob).open("rb") as file:
                seen.sent += self.connection.sendfile(file, first - segment.start, last - first)
        if seen.chaos == "cut":
            self.bucket.stopping.wait(CUT)
        # A client that was promised more must not wait for it.
        self.close_connection |= seen.sent < stream.end - stream.start

    def release(self, stream: Stream | None) -> None:
        if stream and self.bucket.store:
            self.bucket.store.release(stream.object_id)

    def linger(self) -> None:
        """Let the client finish sending, for a while: closing on unread bytes would destroy the answer on its way."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        deadline, left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        while left > 0 and time.monotonic() < deadline and (piece := self.connection.recv(65536)):
            left -= len(piece)

    def note(self, seen: Seen, status: int) -> LogEntry:
        """Enter the request in the log before its answer leaves, so that whoever has the answer finds it there."""
        trace = seen.request.trace if seen.request else ""
        received = seen.body.size if seen.body else 0
        what = (self.command, without_secrets(self.path), seen.operation, seen.identity)
        entry = LogEntry(self.bucket.clock(), seen.id, *what, status, seen.code, received, 0, trace)
        self.bucket.log.append(entry)
        return entry

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself, a bad request line or an unknown method, in S3's words."""
        error = S3Error("MethodNotAllowed" if code == 501 else "BadRequest", message or "")
        self.close_connection = True
        body = error_document(error, "/", secrets.token_hex(8).upper())
        head = [f"HTTP/1.1 {error.status} Refused", f"Server: {SERVER}", "Content-Type: application/xml"]
        head += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        self.wfile.write("\r\n".join(head).encode() + body)

    def log_message(self, format: str, *args: object) -> None:
        """The journal says it better."""
