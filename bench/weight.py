"""The memory of the page, the site and the worker while two gigabytes go into another bucket: MinIO's code, as `juicefs gateway`."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from bench.desk import GIB, Desk, desk, end, film
from bench.report import Figure
from tests.environment import free_port

SIZE = 2 * GIB
EVERY = 0.25


@contextmanager
def gateway(folder: Path) -> Iterator[str]:
    """A bucket of juicefs; yields its endpoint. It knows one identity, the keeper's, and holds no sums of parts."""
    program, meta, port = str(Path(sys.executable).parent / "juicefs"), f"sqlite3://{folder}/meta.db", free_port()
    key, secret = settings.S3_IDENTITIES["keeper"]
    env = os.environ | {"HOME": str(folder), "MINIO_ROOT_USER": key, "MINIO_ROOT_PASSWORD": secret}
    form = [program, "format", meta, settings.S3_BUCKET, "--storage", "file", "--bucket", f"{folder}/data/"]
    subprocess.run(form, check=True, env=env, capture_output=True)
    options = [
        "--no-banner",
        "--keep-etag",
        "--object-meta",
        "--no-bgjob",
        "--backup-meta",
        "0",
        "--log",
        f"{folder}/log",
    ]
    command = [program, "gateway", meta, f"127.0.0.1:{port}", *options]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("juicefs gateway did not start")


class Scales:
    """The most memory that each of some processes held, in bytes, looked at four times a second."""

    def __init__(self, pids: dict[str, int]) -> None:
        self.pids, self.first, self.most = (
            pids,
            {name: resident(pid) for name, pid in pids.items()},
            dict.fromkeys(pids, 0),
        )
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self) -> None:
        while not self.over.wait(EVERY):
            for name, pid in self.pids.items():
                self.most[name] = max(self.most[name], resident(pid))

    def __enter__(self) -> "Scales":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def grown(self, name: str) -> float:
        """Return by how many MiB a process grew."""
        return (self.most[name] - self.first[name]) / 1024**2


def resident(pid: int) -> int:
    """Return a process's own resident memory, without what it shares with files, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("RssAnon")))


def renderer(at: Desk) -> int:
    """Return the process of the page: of Chromium's renderers the one that has worked most."""
    session = at.browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return int(max((each for each in processes if each["type"] == "renderer"), key=lambda each: each["cpuTime"])["id"])


def measure() -> list[Figure]:
    """Return by how much the page, the site and the worker grew during an upload of two gigabytes and its check."""
    key, secret = settings.S3_IDENTITIES["keeper"]
    same = {f"S3_{role}_KEY_ID": key for role in ("READER", "WRITER")}
    same |= {f"S3_{role}_SECRET": secret for role in ("READER", "WRITER")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with gateway(folder) as endpoint, desk(folder, endpoint, **same) as at:
            at.checked(at.upload(film(folder, 32 * 1024**2))[0])
            pids = {"page": renderer(at), "site": at.site.worker, "worker": at.worker.pid}
            with Scales(pids) as scales:
                version, took = at.upload(film(folder, SIZE))
                at.checked(version)
    beside = "2 GiB into juicefs gateway, and the check that reads it"
    grown = [Figure(f"upload_memory_{name}", scales.grown(name), "MiB grown", beside, 1) for name in pids]
    return [*grown, Figure("upload_throughput_juicefs", SIZE / 1e6 / took, "MB/s", beside, 1)]
