"""`python -m sandbox.s3`: serve one bucket until interrupted."""

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path

from . import BucketServer, Identity


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.s3", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the folder that keeps the objects")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument(
        "--origin", action="append", default=[], help="a site that may use the bucket from a browser; may be repeated"
    )
    parser.add_argument(
        "--identities", type=Path, help='JSON: {"reader": {"key_id": "…", "secret": "…"}, "writer": …, "keeper": …}'
    )
    for name in ("reader", "writer", "keeper", "owner"):
        parser.add_argument(f"--{name}", metavar="KEY_ID:SECRET")
    parser.add_argument("--rate", type=int, help="how many bytes a second come in; without it, as many as can")
    parser.add_argument("--quiet", action="store_true", help="no access log")
    return parser.parse_args(arguments)


def identities(chosen: argparse.Namespace) -> dict[str, Identity]:
    """The identities from the file and from the arguments, which win."""
    found = {}
    if chosen.identities:
        for name, keys in json.loads(chosen.identities.read_text()).items():
            found[name] = Identity(name, keys["key_id"], keys["secret"])
    for name in ("reader", "writer", "keeper", "owner"):
        if pair := getattr(chosen, name):
            key_id, _, secret = pair.partition(":")
            found[name] = Identity(name, key_id, secret)
    if not found:
        raise ValueError("no identities: give --identities or --reader, --writer and --keeper")
    return found


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    logging.basicConfig(level=logging.WARNING if chosen.quiet else logging.INFO, format="%(asctime)s %(message)s")
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    try:
        who = identities(chosen)
        with BucketServer(
            chosen.root,
            bucket=chosen.bucket,
            region=chosen.region,
            identities=who,
            cors_origins=chosen.origin,
            host=chosen.host,
            port=chosen.port,
            rate=chosen.rate,
        ) as bucket:
            print(
                json.dumps({"endpoint": bucket.endpoint, "bucket": chosen.bucket, "region": chosen.region}), flush=True
            )
            done.wait()
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        print(f"The bucket cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
