"""Real servers on loopback for a bench: gunicorn with one worker, and the CPU time that its worker has used."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.environment import free_port


@dataclass(frozen=True)
class Server:
    port: int
    worker: int

    def cpu(self) -> float:
        """Return the worker's CPU time so far in seconds, all threads together (/proc/<pid>/task/*/schedstat, nanoseconds)."""
        tasks = Path(f"/proc/{self.worker}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def written(self) -> int:
        """Return the bytes this worker has written anywhere so far, sockets included."""
        lines = Path(f"/proc/{self.worker}/io").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("wchar")))

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)


@contextmanager
def gunicorn(application: str, *, port: int = 0, threads: int = 2, **variables: str) -> Iterator[Server]:
    """Serve a WSGI application with one worker, as deploy/ does but smaller; `variables` are added to its environment."""
    port = port or free_port()
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    command += ["--threads", str(threads), "--log-level", "warning", "--keep-alive", "30"]
    process = subprocess.Popen(command, env=os.environ | variables)
    try:
        wait_for(port, process)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Server(port, int(children[0]))
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until something answers; raise RuntimeError when the server died or 30 s have passed."""
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/livez/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("gunicorn did not answer within 30 s")
