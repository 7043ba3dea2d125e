"""The site behind the nginx of deploy/, on loopback and without TLS."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import can_bind, free_port

CONFIGURATION = Path("deploy/nginx.conf")
AROUND = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
worker_rlimit_nofile 8192;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/a;
    uwsgi_temp_path {folder}/b;
    scgi_temp_path {folder}/c;
    {server}
}}
"""


def program() -> str:
    """Return the path of nginx, or an empty string where this machine has none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or ""


def server_of(port: int, site: int) -> str:
    """Return the https server of our configuration, as it is shipped, but for its address and its certificate."""
    text = CONFIGURATION.read_text()
    text = "server {" + text.split("server {")[2]
    for name in ("listen [::]:443 ssl;", "http2 on;"):
        text = text.replace(name, "")
    lines = [line for line in text.splitlines() if not line.strip().startswith("ssl_")]
    text = "\n".join(lines).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    return text.replace("learn.example.com", "_").replace("127.0.0.1:8000", f"127.0.0.1:{site}")


@contextmanager
def nginx(site: int, server: Callable[[int, int], str] = server_of) -> Iterator[int]:
    """Serve what listens on `site` through nginx; yield its port. Raises RuntimeError where it does not start.

    `server` makes the server's configuration from both ports.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nginx") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Its workers are another user where root starts it.
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, server=server(port, site)))
        process = subprocess.Popen([program(), "-c", folder / "nginx.conf", "-e", folder / "error.log"])
        try:
            for _ in range(100):
                if process.poll() is not None:
                    raise RuntimeError((folder / "error.log").read_text())
                if not can_bind(port):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(10)
