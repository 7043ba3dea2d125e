"""Child processes of the demo: their output goes to a file, and its last lines are shown when one fails."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES_SHOWN = 15
START_SECONDS = 30
STOP_SECONDS = 10


class Failed(RuntimeError):
    """Something the demo needs did not work; the message is for its reader."""


@contextmanager
def running(
    name: str, command: list[str], *, variables: dict[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python command…` in a session of its own, so that Ctrl-C reaches us alone and we stop it in good order."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, *command],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=ROOT,
        )
    try:
        yield child
    finally:
        end(child)


def end(child: "subprocess.Popen[bytes]") -> None:
    """Let the child stop its own workers in good order; whatever is left of its session then is killed."""
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def finish(name: str, command: list[str], *, variables: dict[str, str], log: Path) -> None:
    """Run `python command…` to its end. Raises Failed with its last lines."""
    with running(name, command, variables=variables, log=log) as child:
        child.wait()
        if child.returncode:
            raise failure(name, child, log)


def failure(name: str, child: "subprocess.Popen[bytes]", log: Path) -> Failed:
    last = log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]
    said = "\n".join(f"    {line}" for line in last)
    return Failed(f"{name} ended with status {child.returncode}. Its last lines, from {log}:\n{said}")


def wait_for(name: str, url: str, child: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until `url` answers. Raises Failed when the child died or 30 s have passed."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise failure(name, child, log)
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Failed(f"{name} did not answer at {url} within {START_SECONDS} s; its log is {log}")
