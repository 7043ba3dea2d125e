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
from typing import Any

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

    def __init__(self, pids: dict[str, list[int]]) -> None:
        self.pids, self.first, self.most = (
            pids,
            {name: resident(*each) for name, each in pids.items()},
            dict.fromkeys(pids, 0),
        )
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self) -> None:
        while not self.over.wait(EVERY):
            for name, each in self.pids.items():
                self.most[name] = max(self.most[name], resident(*each))

    def __enter__(self) -> "Scales":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def grown(self, name: str) -> float:
        """Return by how many MiB a process grew."""
        return (self.most[name] - self.first[name]) / 1024**2


def resident(*pids: int) -> int:
    """Return the resident memory of processes, their own and what they share with others but not with files, in bytes."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem")))


def processes(at: Desk) -> list[dict[str, Any]]:
    """Return Chromium's processes: each with `type`, `id` and `cpuTime` in seconds."""
    return list(at.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"])


def renderer(at: Desk) -> int:
    """Return the process of the page: the one that works when the page does."""
    before = {each["id"]: each["cpuTime"] for each in processes(at)}
    at.page.evaluate("() => { const end = performance.now() + 500; while (performance.now() < end); }")
    found = [each for each in processes(at) if each["type"] == "renderer"]
    return int(max(found, key=lambda each: each["cpuTime"] - before.get(each["id"], 0))["id"])


def measure() -> list[Figure]:
    """Return by how much the page, the site and the worker grew during an upload of two gigabytes and its check."""
    key, secret = settings.S3_IDENTITIES["keeper"]
    same = {f"S3_{role}_KEY_ID": key for role in ("READER", "WRITER")}
    same |= {f"S3_{role}_SECRET": secret for role in ("READER", "WRITER")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with gateway(folder) as endpoint, desk(folder, endpoint, **same) as at:
            at.checked(at.upload(film(folder, 32 * 1024**2))[0])
            at.page.goto("/admin/")
            at.page.context.new_cdp_session(at.page).send("HeapProfiler.collectGarbage")
            chromium = [int(each["id"]) for each in processes(at)]
            pids = {"page": [renderer(at)], "chromium": chromium, "site": [at.site.worker], "worker": [at.worker.pid]}
            with Scales(pids) as scales:
                version, took = at.upload(film(folder, SIZE))
                at.checked(version)
    beside = "2 GiB into juicefs gateway, and the check that reads it"
    grown = [Figure(f"upload_memory_{name}", scales.grown(name), "MiB grown", beside, 1) for name in pids]
    return [*grown, Figure("upload_throughput_juicefs", SIZE / 1e6 / took, "MB/s", beside, 1)]
