"""A copy of the project with a demo started in it, as somebody with a fresh clone has it; and people who browse it."""

import hashlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("config", "accounts", "billing", "courses", "sandbox", "templates", "deploy", "manage.py")
START_SECONDS = 90
STOP_SECONDS = 20


def alive(pid: int) -> bool:
    """Whether this process runs. One that is dead and waits for its parent to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


class Demo:
    """`python -m sandbox` in `folder`, in a session of its own so that signals reach it as they would from a terminal."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.announced = folder / "var" / "demo.json"
        self.process: subprocess.Popen[str] | None = None

    @staticmethod
    def copy(folder: Path) -> None:
        for name in NEEDED:
            source, ignored = ROOT / name, shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy(source, folder)

    def launch(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port), *arguments]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(
            command, cwd=self.folder, env=kept | variables, text=True, start_new_session=True, **pipes
        )  # type: ignore[call-overload, no-any-return]

    def start(self) -> dict[str, Any]:
        """Start it, wait until it says that it is ready, and return what it wrote for scripts."""
        self.process = self.launch()
        deadline = time.monotonic() + START_SECONDS
        while not self.announced.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(self.process.communicate()[0])
            time.sleep(0.1)
        return self.facts()

    def facts(self) -> dict[str, Any]:
        return dict(json.loads(self.announced.read_text()))

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send the signal that Ctrl-C sends; return the exit status and what it had said."""
        assert self.process is not None
        self.process.send_signal(number)
        said = self.process.communicate(timeout=STOP_SECONDS)[0]
        return self.process.returncode, said

    def family(self) -> list[int]:
        """Return the ids of its processes: itself, the site's master, the worker, and the site's workers."""
        assert self.process is not None
        found = [self.process.pid]
        for parent in found:
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        return found


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Visitor:
    """A browser without a screen: it keeps cookies and follows no redirect by itself."""

    def __init__(self, site: str) -> None:
        self.site = site
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies, StayHere())

    def ask(self, url: str, form: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (their names in lower case) and body."""
        address = url if "://" in url else self.site + url
        request = urllib.request.Request(
            address, urlencode(form).encode() if form else None, {"Origin": self.site} if form else {}
        )
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()

    def sign_in(self, person: dict[str, str]) -> "Visitor":
        page = self.ask("/account/login/")[2].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page[:500]
        form = {"csrfmiddlewaretoken": token[1], "login": person["email"], "password": person["password"]}
        status, _, body = self.ask("/account/login/", form)
        assert status == 302, re.sub(r"<[^>]+>", " ", body.decode())
        return self

    def download(self, file: str) -> str:
        """Click Download and follow to the bucket; return the SHA-256 of what arrives."""
        status, headers, _ = self.ask(f"/files/{file}/")
        assert status == 302, status
        status, _, body = self.ask(headers["location"])
        assert status == 200, status
        return hashlib.sha256(body).hexdigest()
