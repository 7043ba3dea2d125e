"""Start the parts in order, wait, and stop them in the other order. What happens, happens in `serve`."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dotenv import dotenv_values

from sandbox.demo import keys, notice
from sandbox.demo.parent import Parent
from sandbox.demo.parts import BUCKET, HOST, REGION, Parts
from sandbox.demo.processes import Failed, failure, finish, running, wait_for
from sandbox.s3 import BucketServer, Identity
from sandbox.stripe import StripeServer

ROOT = Path(__file__).resolve().parents[2]
WORKERS, THREADS = 2, 8


def given() -> dict[str, str]:
    """Return the variables that were set, in the environment or in .env; one set to nothing counts as unset."""
    written = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value}
    return written | {name: value for name, value in os.environ.items() if value}


def run(*, var: Path | None, port: int, reset: bool) -> int:
    """Run the demo until it is interrupted; return the exit status."""
    set_before = given()
    place = (var or Path(set_before.get("VAR_DIR", ROOT / "var"))).resolve()
    try:
        with interruptible(), alone(place):
            if reset:
                clear(place)
            for folder in ("demo", "log", "mail"):
                (place / folder).mkdir(parents=True, exist_ok=True)
            serve(Parts(set_before, keys.kept(place / "demo" / "keys.json"), place, port))
    except KeyboardInterrupt:
        print("\nStopped. What is in it is kept.", flush=True)
        return 0
    except Failed as error:
        print(f"\nThe demo stopped: {error}", flush=True)
        return 1


def serve(parts: Parts) -> NoReturn:
    """Start everything, say so, and stay until something ends. Raises KeyboardInterrupt when asked to stop, or Failed."""
    check_ports(parts)
    variables, log, announced = parts.variables(), parts.var / "log", parts.var / "demo.json"
    announced.unlink(missing_ok=True)
    with ExitStack() as stack:
        if parts.bucket_embedded:
            stack.enter_context(bucket(parts))
        if parts.stripe_embedded:
            stack.enter_context(stripe(parts))
        say("Preparing the database and the static files …")
        finish("prepare", ["-m", "sandbox.demo.prepare"], variables=variables | DJANGO, log=log / "prepare.log")
        site = stack.enter_context(running("the site", gunicorn(parts), variables=variables, log=log / "site.log"))
        wait_for("the site", f"{parts.site}/livez/", site, log / "site.log")
        worker = stack.enter_context(running("the worker", WORK, variables=variables, log=log / "worker.log"))
        if not parts.filled.exists():
            say("Filling in the sample library, the plans and the people …")
            people = {f"DEMO_PASSWORD_{who.upper()}": password for who, password in parts.keys.passwords.items()}
            finish("fill", ["-m", "sandbox.demo.fill"], variables=variables | DJANGO | people, log=log / "fill.log")
            parts.filled.touch()
        found = notice.facts(parts, ROOT)
        notice.write(announced, found)
        stack.callback(announced.unlink, missing_ok=True)
        say(notice.text(parts, found))
        stay({"the site": (site, log / "site.log"), "the worker": (worker, log / "worker.log")})


WORK = ["manage.py", "work"]
DJANGO = {"DJANGO_SETTINGS_MODULE": "config.settings"}


def stay(running_parts: "dict[str, tuple[subprocess.Popen[bytes], Path]]") -> NoReturn:
    """Wait until one of the parts ends, which ends them all."""
    parent = Parent()
    while True:
        for name, (process, log) in running_parts.items():
            if process.poll() is not None:
                raise failure(name, process, log)
        if parent.is_leaving():
            raise KeyboardInterrupt
        time.sleep(0.2)


def gunicorn(parts: Parts) -> list[str]:
    command = ["-m", "gunicorn", "config.wsgi", "--config", "deploy/gunicorn.conf.py", "--bind", f"{HOST}:{parts.port}"]
    return [*command, "--workers", str(WORKERS), "--threads", str(THREADS), "--graceful-timeout", "5", "--preload"]


@contextmanager
def bucket(parts: Parts) -> Iterator[None]:
    identities = {role.lower(): Identity(role.lower(), *pair) for role, pair in parts.keys.bucket.items()}
    origins = [parts.site, parts.site.replace(HOST, "localhost")]
    server = BucketServer(
        parts.var / "bucket",
        bucket=BUCKET,
        region=REGION,
        identities=identities,
        cors_origins=origins,
        port=parts.bucket_port,
    )
    with server:
        yield


@contextmanager
def stripe(parts: Parts) -> Iterator[None]:
    server = StripeServer(
        parts.var / "stripe",
        api_key=parts.keys.stripe,
        webhook_secret=parts.keys.webhook,
        webhook_url=f"{parts.site}/stripe/webhook/",
        mail_dir=parts.mail,
        port=parts.stripe_port,
    )
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP end the block once; while it cleans up, more of them change nothing."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for one in wanted:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in wanted:
        signal.signal(one, stop)
    yield


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Hold the folder for this demo alone. Raises Failed when another demo has it."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failed(f"another demo is running from {var}. Stop it first, with Ctrl-C where it runs.") from None
        yield


def clear(var: Path) -> None:
    """Throw away what demos have left in this folder, and nothing else."""
    for name in ("demo", "log", "mail", "bucket", "stripe", "media", "static"):
        shutil.rmtree(var / name, ignore_errors=True)
    for path in [*var.glob("lectern*.sqlite3*"), var / "demo.json"]:
        path.unlink(missing_ok=True)


def check_ports(parts: Parts) -> None:
    for port in parts.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                raise Failed(
                    f"port {port} is taken. Choose others, for example: PORT={parts.port + 1000} make demo"
                ) from None


def say(words: str) -> None:
    print(words, flush=True)
