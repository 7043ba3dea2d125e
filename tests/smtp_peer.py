"""A mail server on a real socket that can be as bad as real ones: it refuses, hangs, dies, or takes a mail and does not say so."""

import socket
import socketserver
import threading
from email import message_from_bytes
from email.message import Message
from typing import Any


class Peer(socketserver.ThreadingTCPServer):
    """`mood` is what it does next: ok, hang (no greeting), refuse (554 at once), busy (451 to the mail), deaf (takes the mail, and
    closes before it says so), stall (takes the mail, and never says so), or unknown (550 to whoever `strangers` holds)."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.mood = "ok"
        self.strangers: set[str] = set()
        self.taken: list[Message] = []
        self.visits = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> "Peer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.taken]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up on it is no news."""


class Session(socketserver.StreamRequestHandler):
    server: Peer
    timeout = 20

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.server.visits += 1
        if self.server.mood == "hang":
            self.server.over.wait(20)
            return
        if self.server.mood == "refuse":
            self.say("554 not today")
            return
        self.say("220 peer")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                if not self.take():
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            elif verb == "RCPT" and any(one in line for one in self.server.strangers):
                self.say("550 nobody here of that name")
            else:
                self.say("250 fine")

    def take(self) -> bool:
        """Read the mail; False when the conversation is over."""
        self.say("354 go on")
        body = b""
        while (line := self.rfile.readline()) != b".\r\n":
            body += line
        mood = self.server.mood
        if mood == "busy":
            self.say("451 try again later")
            return True
        self.server.taken.append(message_from_bytes(body))
        if mood == "stall":
            self.server.over.wait(20)
        if mood in ("deaf", "stall"):
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self.say("250 taken")
        return True
