"""The bucket as a server: one thread a connection, started in the background, stopped without a trace."""

import logging
import re
import socket
import socketserver
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .chaos import Chaos, Kind, Order
from .handler import Handler
from .identities import Identity
from .journal import LogEntry
from .leniency import Leniency
from .line import Line
from .request import Request
from .store import Store

logger = logging.getLogger(__name__)
LOG_LENGTH = 10_000


def real_clock() -> datetime:
    return datetime.now(UTC)


class BucketServer:
    """One private bucket under `root`, for a `with` block or between `start` and `stop`.

    `cors_origins` are scheme, host and port of the sites that may use it from a browser. `clock` may be moved by tests.
    `rate` is how many bytes a second come in, None for no limit.
    Raises ValueError for a name or identities that cannot be, OSError where the port is taken.
    """

    def __init__(
        self,
        root: Path,
        *,
        bucket: str,
        region: str,
        identities: dict[str, Identity],
        cors_origins: list[str],
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], datetime] = real_clock,
        rate: int | None = None,
    ) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
            raise ValueError(f"{bucket!r} is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens")
        self.identities = {identity.key_id: identity for identity in identities.values()}
        if len(self.identities) != len(identities):
            raise ValueError("two identities share one access key id")
        self.root, self.bucket, self.region = root, bucket, region
        self.cors_origins, self.host, self.port, self.clock = list(cors_origins), host, port, clock
        self.chaos = Chaos()
        self.leniency = Leniency()
        self.line = Line(rate)
        self.log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
        self.stopping = threading.Event()
        self.listener: Listener | None = None
        self.store: Store | None = None

    @property
    def endpoint(self) -> str:
        if self.port == 0:
            raise RuntimeError("the bucket has no port before it is started")
        return f"http://{self.host}:{self.port}"

    def start(self) -> "BucketServer":
        """Listen in a background thread. A bucket stopped and started again keeps its port."""
        self.stopping.clear()
        self.store = Store(self.root)
        try:
            self.listener = Listener((self.host, self.port), self)
        except OSError:
            self.store.close()
            raise
        self.port = self.listener.server_address[1]
        threading.Thread(
            target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, name="bucket", daemon=True
        ).start()
        return self

    def stop(self) -> None:
        if self.listener is None or self.store is None:
            return
        self.stopping.set()
        self.listener.shutdown()
        self.listener.server_close()
        self.listener.hang_up()
        self.store.close()
        self.listener = self.store = None

    def __enter__(self) -> "BucketServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fail_next(
        self, count: int = 1, *, kind: Kind = "SlowDown", match: Callable[[Request], bool] = lambda _: True
    ) -> None:
        """Let the next `count` requests that match fail: SlowDown, InternalError, hang, reset, lost (unanswered), cut (half way)."""
        self.chaos.add(Order(count, kind, match))


class Listener(socketserver.ThreadingTCPServer):
    """The listening socket; it knows its open connections, so that stopping ends them."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], bucket: BucketServer) -> None:
        self.bucket = bucket
        self.connections: set[socket.socket] = set()
        self.lock = threading.Lock()
        super().__init__(address, Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.lock:
                self.connections.discard(request)

    def hang_up(self) -> None:
        """End every connection and wait a moment for their threads, which may be writing."""
        deadline = time.monotonic() + 2
        while self.connections and time.monotonic() < deadline:
            with self.lock:
                for connection in self.connections:
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        continue
            time.sleep(0.01)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            logger.error("a connection broke: %r", sys.exc_info()[1])
