"""HTTP itself: connections are kept, refused bodies are not asked for, and nonsense gets an answer."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from tests.sandbox.s3.scene import BODY, Scene

BIG = b"x" * (8 * 1024 * 1024)


def spoken(scene: Scene, text: bytes) -> bytes:
    """Send raw bytes, then read until the bucket hangs up."""
    parts = urlsplit(scene.engine.endpoint)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_a_connection_serves_many_requests_good_and_bad(ours: Scene) -> None:
    ours.put()
    parts = urlsplit(ours.presign("GET"))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    statuses = []
    for _ in range(10):
        for target in (f"{parts.path}?{parts.query}", parts.path):
            connection.request("GET", target)
            answer = connection.getresponse()
            answer.read()
            statuses.append((answer.status, answer.getheader("connection")))
    assert statuses == [(200, None), (403, None)] * 10
    connection.request("PUT", parts.path, body=BODY)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("connection")) == (403, None)
    connection.close()


def test_a_large_refused_body_still_gets_its_answer(ours: Scene) -> None:
    assert ours.send("PUT", ours.url(), body=BIG).line == "403 AccessDenied"


def test_a_client_that_asks_first_is_refused_before_it_sends(ours: Scene) -> None:
    parts = urlsplit(ours.url())
    head = f"PUT {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
    answer = spoken(ours, head.encode())
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"100 Continue" not in answer


def test_a_client_that_asks_first_is_told_to_go_on(ours: Scene) -> None:
    parts = urlsplit(ours.presign("PUT", who="writer"))
    lines = (f"PUT {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(BODY)}")
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "Expect: 100-continue", "", ""]).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(BODY)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert ours.stored() == BODY


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense\r\n\r\n",
        b"GET http://elsewhere.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /a/b HTTP/1.1\r\nHost: x\r\nX-Note: one\r\n  two\r\n\r\n",
        b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PUT /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"PUT /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /a/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a/b?X-Amz-Signature=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a/b HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 a=b=c,,d\r\n\r\n",
        b"GET /a/" + b"k" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_nonsense_gets_a_plain_refusal(ours: Scene, text: bytes) -> None:
    answer = spoken(ours, text)
    assert answer[:10] == b"HTTP/1.1 4", answer[:200]
    assert b"<Code>" in answer


@pytest.mark.parametrize("length", [b"Content-Length: many", b"Content-Length: 5\r\nTransfer-Encoding: chunked"])
def test_nothing_is_read_into_a_body_whose_end_is_unknown(ours: Scene, length: bytes) -> None:
    hidden = b"GET /a/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = spoken(ours, b"PUT /a/b HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n" + hidden)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"hidden" not in answer


def test_asking_first_about_nothing_leaves_the_connection_in_order(ours: Scene) -> None:
    first = b"PUT /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"
    second = b"PUT /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    answer = spoken(ours, first + second)
    assert answer.count(b"HTTP/1.1 403") == 2
    assert b"100 Continue" not in answer


def test_a_header_in_a_signed_query_counts_as_sent(ours: Scene) -> None:
    wrong = {"x-amz-checksum-sha256": "A" * 43 + "="}
    assert ours.send("PUT", ours.presign("PUT", who="writer", query=wrong), body=BODY).line == "400 BadDigest"
    split = {"x-amz-meta-note": "one\r\nSet-Cookie: a=b"}
    assert ours.send("PUT", ours.presign("PUT", who="writer", query=split), body=BODY).line == "400 InvalidArgument"


def test_answers_name_the_sandbox_and_set_no_cookie(ours: Scene) -> None:
    ours.put()
    headers = ours.get().headers
    assert headers["server"] == "lectern-sandbox-bucket"
    assert "set-cookie" not in headers


def test_the_bucket_of_a_stranger_gets_no_cors_headers(ours: Scene) -> None:
    ours.put()
    reply = ours.send("GET", ours.presign("GET"), headers={"Origin": "https://evil.example"})
    assert reply.status == 200
    assert not [name for name in reply.headers if name.startswith("access-control-")]
