"""Serve an embedded Stripe until interrupted: `python -m sandbox.stripe --root DIR --port 8002 …`."""

import argparse
import signal
import threading
from pathlib import Path

from sandbox.stripe import StripeServer


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Stripe. No money moves.")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", required=True)
    parser.add_argument("--webhook-secret", required=True)
    parser.add_argument("--webhook-url")
    parser.add_argument("--mail", type=Path)
    given = parser.parse_args()
    server = StripeServer(
        given.root,
        api_key=given.key,
        webhook_secret=given.webhook_secret,
        webhook_url=given.webhook_url,
        mail_dir=given.mail,
        host=given.host,
        port=given.port,
    )
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
