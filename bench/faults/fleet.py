"""The site as several real processes on loopback, as deploy/ starts it, whose workers can be killed."""

import http.client
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults import failpoints
from bench.servers import wait_for
from tests.environment import free_port


@dataclass
class Fleet:
    port: int
    master: "subprocess.Popen[bytes]"
    folder: Path
    killed: int = 0
    slowest: float = 0
    seen: set[int] = field(default_factory=set)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_one(self) -> None:
        """Kill a worker as the kernel would, in the middle of whatever it does."""
        workers = self.workers()
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)
            self.killed += 1

    def arrivals(self, point: str) -> int:
        return failpoints.arrivals(self.folder, point)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@contextmanager
def fleet(
    database: str,
    *,
    plan: str = "",
    without: str = "",
    workers: int = 3,
    quick: bool = False,
    root: Path | None = None,
) -> Iterator[Fleet]:
    """Serve the site with some workers on this database; everything it started is gone at the end of the block.

    `root` is the folder with the code, where it is another than this.
    `quick` forks each worker from a master that has loaded the site, so that a killed one is replaced at once.
    """
    root = root or Path.cwd()
    with tempfile.TemporaryDirectory(prefix="fleet") as name:
        folder, port = Path(name), free_port()
        variables = os.environ | {"DATABASE_URL": database, "DEBUG": "false", "BUDGET_FACTOR": "1000"}
        variables |= {
            "FAULT_OWNER": str(os.getpid()),
            "FAULT_PLAN": plan,
            "FAULT_FOLDER": str(folder),
            "FAULT_WITHOUT": without,
            "PYTHONPATH": str(root),
        }
        command = [sys.executable, "-m", "gunicorn", "bench.faults.site", "--config", "deploy/gunicorn.conf.py"]
        command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--access-logfile", "/dev/null"]
        command += ["--log-level", "warning", *(["--preload"] if quick else [])]
        with (folder / "log").open("w") as log:
            master = subprocess.Popen(command, cwd=root, env=variables, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(port, master)
            yield Fleet(port, master, folder)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {(folder / 'log').read_text()[-2000:]}") from error
        finally:
            stop(master)


def stop(master: "subprocess.Popen[bytes]") -> None:
    """End the master and every worker: they share a session that nobody else is in."""
    master.terminate()
    with suppress(subprocess.TimeoutExpired):
        master.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(master.pid, signal.SIGKILL)
    master.wait(10)
