"""The whole of an upload as programs of their own: a bucket, the site, its worker, and Chromium at the owner's desk."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from bench.servers import Server, gunicorn
from courses.models import FileVersion, Lesson
from tests import build
from tests.conftest import CHROMIUM
from tests.environment import free_port

MIB, GIB = 1024**2, 1024**3
PATIENCE = 600


@dataclass(frozen=True)
class Desk:
    page: Page
    browser: Browser
    site: Server
    worker: "subprocess.Popen[bytes]"

    def upload(self, film: Path) -> tuple[FileVersion, float]:
        """Choose the film in a new lesson's panel; return its version, and the seconds until all of it was in the bucket."""
        lesson: Lesson = build.lesson(build.course(state="draft", published_at=None))
        self.page.goto(f"/admin/courses/lesson/{lesson.pk}/change/")
        panel = self.page.locator("[data-zone=media] input[type=file]")
        began = time.monotonic()
        # Waiting for an answer costs the page nothing; waiting for what it shows would have it looked at sixty times a second.
        with self.page.expect_response(lambda answer: answer.url.endswith("/finish/"), timeout=PATIENCE * 1000):
            panel.set_input_files(str(film))
        took = time.monotonic() - began
        done = self.page.locator(".run[data-state]")
        done.wait_for()
        assert done.get_attribute("data-state") in ("verifying", "ready"), done.text_content()
        return FileVersion.objects.get(file__lesson=lesson), took

    def checked(self, version: FileVersion) -> float:
        """Wait until the worker has looked at a version that has just arrived; return the seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            version.refresh_from_db()
            if version.state != FileVersion.State.VERIFYING:
                assert version.state == FileVersion.State.READY, version.problem
                return time.monotonic() - began
            time.sleep(0.1)
        raise RuntimeError("nobody looked at the upload")


def film(folder: Path, size: int) -> Path:
    """Write an MP4 of this many bytes that takes next to no room on the disk."""
    path = folder / f"film-{size}.mp4"
    head = box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2") + box(b"moov", b"m" * 64)
    with path.open("wb") as out:
        out.write(head + (1).to_bytes(4, "big") + b"mdat" + (size - len(head)).to_bytes(8, "big"))
        out.truncate(size)
    return path


def box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


@contextmanager
def desk(folder: Path, endpoint: str, **variables: str) -> Iterator[Desk]:
    """Serve the site beside the bucket at `endpoint`, with its worker, and sign the owner in."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    variables |= {
        "S3_ENDPOINT_URL": endpoint,
        "SITE_URL": address,
        "VAR_DIR": str(folder / "var"),
        "STAFF_MFA": "optional",
    }
    manage = [sys.executable, "manage.py"]
    env = os.environ | variables
    subprocess.run([*manage, "collectstatic", "--no-input", "--verbosity", "0"], env=env, check=True)
    with ExitStack() as stack:
        site = stack.enter_context(gunicorn("config.wsgi", port=port, threads=8, **variables))
        worker = subprocess.Popen([*manage, "work"], env=env, stderr=subprocess.DEVNULL)
        stack.callback(end, worker)
        playwright = stack.enter_context(sync_playwright())
        path = next(filter(None, map(shutil.which, CHROMIUM)))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        stack.callback(browser.close)
        context = browser.new_context(base_url=address)
        client, name = Client(), settings.SESSION_COOKIE_NAME
        client.force_login(build.person(is_staff=True, is_superuser=True))
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
        yield Desk(context.new_page(), browser, site, worker)


@contextmanager
def bucket(folder: Path, *, rate: int | None = None) -> Iterator[str]:
    """The embedded bucket as a program; yields its endpoint. Any site may use it from a browser; `rate` bytes a second come in."""
    pairs = {name: ":".join(pair) for name, pair in settings.S3_IDENTITIES.items()} | {"owner": "OWNER:owner-secret"}
    command = [sys.executable, "-m", "sandbox.s3", "--root", str(folder), "--bucket", settings.S3_BUCKET, "--quiet"]
    command += ["--origin", "*"] + ([f"--rate={rate}"] if rate else [])
    for name, pair in pairs.items():
        command += [f"--{name}", pair]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["endpoint"])
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
