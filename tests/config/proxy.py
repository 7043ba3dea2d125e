"""A proxy before the site, as good or bad as a test wants it."""

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Ways:
    """What a proxy does: `hops` addresses it appends to X-Forwarded-For, the scheme it names, the headers it takes from an answer."""

    behind: str
    hops: tuple[str, ...] = ()
    scheme: str = ""
    takes: tuple[str, ...] = ()
    answers: int = 0
    location: str = ""
    certificate: Path | None = None
    seen: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    ways: Ways

    def do_GET(self) -> None:
        self.ways.seen.append(self.path.partition("?")[0])
        if self.ways.answers:
            self.send_response(self.ways.answers)
            if self.ways.location:
                self.send_header("Location", self.ways.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        where = urlsplit(self.ways.behind)
        client = http.client.HTTPConnection(str(where.hostname), where.port, timeout=10)
        hops = [hop for hop in (self.headers.get("X-Forwarded-For"), *self.ways.hops) if hop]
        sent = {"Host": where.netloc} | ({"X-Forwarded-For": ", ".join(hops)} if hops else {})
        sent |= {"X-Forwarded-Proto": self.ways.scheme} if self.ways.scheme else {}
        client.request("GET", self.path, headers=sent)
        answer = client.getresponse()
        body = answer.read()
        client.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name not in (*self.ways.takes, "Transfer-Encoding", "Connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def proxy(ways: Ways) -> Iterator[str]:
    """Run the proxy and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Set", (Handler,), {"ways": ways}))
    scheme = "http"
    if ways.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ways.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # Clients that do not like the certificate hang up.
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
