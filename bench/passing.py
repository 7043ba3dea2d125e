"""How much of a delivered file passes through the app: nothing of it may."""

import http.client
from urllib.parse import urlsplit

from bench.click import fill
from bench.report import Figure
from bench.servers import Server, gunicorn
from courses import storage
from courses.models import File, FileVersion

SIZE, PART = 1024**3, 64 * 1024**2


def store(version: FileVersion) -> None:
    """Put SIZE zero bytes behind this version, part by part through presigned URLs, as the browser does."""
    upload = storage.create_multipart(version.key, version.content_type)
    part = bytes(PART)
    for number in range(1, SIZE // PART + 1):
        target = urlsplit(storage.sign_part(version.key, upload, number, size=PART, ttl=300).url)
        client = http.client.HTTPConnection(target.netloc, timeout=60)
        client.request("PUT", f"{target.path}?{target.query}", body=part)
        assert client.getresponse().status == 200
        client.close()
    storage.complete_multipart(version.key, upload, storage.list_parts(version.key, upload))
    FileVersion.objects.filter(pk=version.pk).update(size=SIZE)


def click(server: Server, path: str, cookie: str) -> tuple[str, int]:
    """Click once; return where it leads and how many bytes of body the app sent."""
    client = server.connect()
    client.request("GET", path, headers={"Cookie": cookie})
    response = client.getresponse()
    body = response.read()
    client.close()
    assert response.status == 302, response.status
    return str(response.headers["Location"]), len(body)


def fetch(url: str) -> int:
    """Read a URL to its end without keeping it; return its length in bytes."""
    target, length = urlsplit(url), 0
    client = http.client.HTTPConnection(target.netloc, timeout=60)
    client.request("GET", f"{target.path}?{target.query}")
    response = client.getresponse()
    assert response.status == 200, response.status
    while chunk := response.read(1 << 20):
        length += len(chunk)
    client.close()
    return length


def measure() -> list[Figure]:
    """Deliver one gigabyte; return the bytes of body, and all bytes whatever, that the app's worker wrote meanwhile."""
    file, cookie = fill("passing@example.com")
    store(FileVersion.objects.get(file=File.objects.get(pk=file.pk)))
    with gunicorn("config.wsgi") as site:
        click(site, file.get_absolute_url(), cookie)
        before = site.written()
        url, body = click(site, file.get_absolute_url(), cookie)
        delivered = fetch(url)
        written = site.written() - before
    assert delivered == SIZE
    beside = "one gigabyte delivered from the embedded bucket"
    return [
        Figure("file_bytes_through_app", body, "bytes", beside, 1),
        Figure("all_bytes_written_by_app", written, "bytes", f"{beside}: headers, rows and log lines", 1),
    ]
