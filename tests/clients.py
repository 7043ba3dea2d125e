"""Real programs from a command line before the real site: run, cut off in the middle, run again."""

import http.client
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from accounts.models import User
from courses import storage
from courses.models import File, FileVersion
from tests import build
from tests.conftest import ClientFor

PROGRAMS = ("curl", "wget", "aria2c")
PATIENCE = 60
needs = {
    name: pytest.mark.skipif(not shutil.which(name), reason=f"no {name} here; install the package {name.rstrip('c')}")
    for name in PROGRAMS
} | {"curl": pytest.mark.skipif(not shutil.which("curl"), reason="no curl here; install the package curl")}


def replace(file: File, body: bytes) -> FileVersion:
    """Give a file a new version with these bytes, which serves from now on."""
    version = build.version(file, size=len(body), sha256=sha256(body).hexdigest(), content_type="application/pdf")
    put(version, body)
    return version


def put(version: FileVersion, body: bytes) -> None:
    """Put these bytes into the bucket behind a version, through a presigned part URL."""
    upload = storage.create_multipart(version.key, version.content_type)
    target = urlsplit(storage.sign_part(version.key, upload, 1, size=len(body), ttl=300).url)
    client = http.client.HTTPConnection(target.netloc, timeout=10)
    client.request("PUT", f"{target.path}?{target.query}", body=body)
    assert client.getresponse().status == 200
    client.close()
    storage.complete_multipart(version.key, upload, storage.list_parts(version.key, upload))
    FileVersion.objects.filter(pk=version.pk).update(size=len(body), sha256=sha256(body).hexdigest())


@dataclass
class Shell:
    """A folder in which programs run. Nothing of the machine's own settings for them is read."""

    folder: Path

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        environment = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def fetch(self, program: str, address: str, name: str, *, cookie: str = "") -> int:
        """Fetch an address into a file as people do with each program, going on with what is there; return the exit status."""
        header = [f"--header=Cookie: {cookie}"] if cookie else []
        lines = {
            "curl": ["curl", "-fsSL", "-C", "-", *(["-b", cookie] if cookie else []), "-o", name, address],
            "wget": ["wget", "-c", "--tries=2", "--waitretry=0", *header, "-O", name, address],
            "aria2c": ["aria2c", "-c", "--max-tries=2", "--no-conf", *header, "-o", name, address],
        }
        return self.run(*lines[program]).returncode

    def read(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""


def cookie_of(person: User) -> str:
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={ClientFor(person).cookies[name].value}"
