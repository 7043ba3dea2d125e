"""`python -m sandbox.s3` and the settings it is given."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.s3 import BucketServer, Identity
from sandbox.s3.__main__ import main
from tests.sandbox.s3.conftest import BUCKET, KEYS, REGION
from tests.sandbox.s3.scene import BODY, Engine, Scene


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    who = tmp_path / "identities.json"
    who.write_text(json.dumps({name: {"key_id": pair[0], "secret": pair[1]} for name, pair in KEYS.items()}))
    command = [sys.executable, "-m", "sandbox.s3", "--root", str(tmp_path / "root"), "--bucket", BUCKET]
    options = ["--identities", str(who), "--origin", "http://localhost:8000"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        scene = Scene(Engine("bucket", said["endpoint"], said["bucket"], said["region"], KEYS))
        scene.put()
        assert scene.get().body == BODY
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "GetObject" in errors
    assert KEYS["writer"][1] not in errors


@pytest.mark.parametrize(
    "options",
    [
        ["--bucket", BUCKET],
        ["--bucket", "No Bucket", "--reader", "a:b"],
        ["--bucket", BUCKET, "--reader", "no-secret"],
        ["--bucket", BUCKET, "--reader", "same:one", "--writer", "same:two"],
    ],
)
def test_a_wrong_setting_is_named_in_plain_words(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(tmp_path), *options]) == 1
    assert capsys.readouterr().err.startswith("The bucket cannot start: ")


def test_a_taken_port_is_an_error_and_leaves_the_folder_free(tmp_path: Path, our_bucket: BucketServer) -> None:
    who = {"reader": Identity("reader", "a", "b")}
    options = {"bucket": BUCKET, "region": REGION, "identities": who, "cors_origins": []}
    with pytest.raises(OSError, match="in use"):
        BucketServer(tmp_path, port=our_bucket.port, **options).start()  # type: ignore[arg-type]
    with BucketServer(tmp_path, **options) as server:  # type: ignore[arg-type]
        assert server.endpoint


def test_an_identity_has_one_of_the_policies() -> None:
    with pytest.raises(ValueError, match="no policy"):
        Identity("admin", "a", "b")


def test_a_secret_is_not_shown() -> None:
    assert "swordfish" not in repr(Identity("reader", "a", "swordfish"))
