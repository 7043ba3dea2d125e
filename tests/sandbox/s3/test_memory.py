"""The bucket's memory does not grow with an object."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sandbox.s3.conftest import BUCKET, KEYS, REGION
from tests.sandbox.s3.scene import Engine, Scene

MIB = 1024 * 1024
SIZE = 160 * MIB
ALLOWED = 12 * MIB

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def peak(process: "subprocess.Popen[str]") -> int:
    """The most memory the process has held, in bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def blocks() -> Iterator[bytes]:
    for number in range(SIZE // MIB):
        yield bytes([number % 256]) * MIB


def test_memory_stays_flat_up_and_down(tmp_path: Path) -> None:
    pairs = [f"--{name}={':'.join(KEYS[name])}" for name in ("reader", "writer")]
    command = [sys.executable, "-m", "sandbox.s3", "--root", str(tmp_path), "--bucket", BUCKET, "--quiet", *pairs]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        scene = Scene(Engine("bucket", process.stdout.readline().split('"')[3], BUCKET, REGION, KEYS))
        scene.put(b"warm", key="content/warm")
        before = peak(process)
        upload(scene)
        assert download(scene) == SIZE
        assert peak(process) - before < ALLOWED
    finally:
        process.terminate()
        process.communicate()


def upload(scene: Scene) -> None:
    parts = urlsplit(scene.presign("PUT", who="writer"))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    connection.request("PUT", f"{parts.path}?{parts.query}", body=blocks(), headers={"Content-Length": str(SIZE)})
    assert connection.getresponse().status == 200
    connection.close()


def download(scene: Scene) -> int:
    parts = urlsplit(scene.presign("GET"))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    count = 0
    while piece := answer.read(MIB):
        count += len(piece)
    connection.close()
    return count
