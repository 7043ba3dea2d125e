"""A line that can be cut: a TCP proxy on loopback, for what is between two programs when a machine goes away."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SIZE = 65536


class Wire:
    """Carries bytes to a port while it is up; while it is down every line is dropped, and new ones are refused at once."""

    def __init__(self, target: int) -> None:
        self.target, self.up = target, True
        self.lines: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self.take, daemon=True).start()

    def take(self) -> None:
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            if not self.up:
                here.close()
                continue
            try:
                there = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            with self.lock:
                self.lines |= {here, there}
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(SIZE):
                sink.sendall(piece)
        self.drop([source, sink])

    def drop(self, lines: list[socket.socket]) -> None:
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
            with self.lock:
                self.lines.discard(line)

    def cut(self) -> None:
        self.up = False
        with self.lock:
            lines = list(self.lines)
        self.drop(lines)

    def mend(self) -> None:
        self.up = True

    def fail(self, seconds: float) -> None:
        self.cut()
        time.sleep(seconds)
        self.mend()


@contextmanager
def wire(target: int) -> Iterator[Wire]:
    made = Wire(target)
    try:
        yield made
    finally:
        made.cut()
        made.listener.close()
