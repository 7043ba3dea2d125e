"""Cases of the bucket as a whole: lists, several deleted at once, other buckets, and CORS."""

import base64

from tests.sandbox.s3.scene import Cases, Reply, Scene, md5

case = Cases()


@case("200")
def a_list_by_pages(scene: Scene) -> Reply:
    keys = sorted(f"{scene.key}/{number}" for number in range(5))
    for key in keys:
        scene.put(b"x", key=key)
    found: list[str] = []
    query = {"list-type": "2", "prefix": scene.key + "/", "max-keys": "2"}
    while True:
        reply = scene.call("GET", scene.url("", **query))
        assert len(reply.texts("Key")) <= 2
        found += reply.texts("Key")
        if reply.text("IsTruncated") != "true":
            break
        query["continuation-token"] = reply.text("NextContinuationToken")
    assert found == keys
    return reply


@case("200")
def a_list_rolled_up_at_a_delimiter(scene: Scene) -> Reply:
    for name in ("a/1", "a/2", "b", "c/d/e"):
        scene.put(b"x", key=f"{scene.key}/{name}")
    query = {"list-type": "2", "prefix": scene.key + "/", "delimiter": "/"}
    reply = scene.call("GET", scene.url("", **query))
    assert reply.texts("Key") == [f"{scene.key}/b"]
    assert reply.texts("Prefix")[-2:] == [f"{scene.key}/a/", f"{scene.key}/c/"]
    return reply


@case("200")
def several_deleted_at_once(scene: Scene) -> Reply:
    for name in "abc":
        scene.put(b"x", key=scene.key + name)
    items = "".join(f"<Object><Key>{scene.key}{name}</Key></Object>" for name in "ab")
    document = f"<Delete>{items}</Delete>".encode()
    headers = {"Content-MD5": base64.b64encode(md5(document).digest()).decode()}
    reply = scene.call("POST", scene.url("", delete=""), headers=headers, body=document)
    assert [scene.stored(scene.key + name) for name in "abc"] == [None, None, b"x"]
    return reply


@case("404 NoSuchBucket")
def another_bucket(scene: Scene) -> Reply:
    return scene.call("GET", f"{scene.engine.endpoint}/some-other-bucket?list-type=2")


PREFLIGHT = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "content-type,x-amz-checksum-sha256",
}


@case("200")
def a_preflight_of_the_site(scene: Scene) -> Reply:
    reply = scene.send("OPTIONS", scene.url(), headers={"Origin": "http://localhost:8000", **PREFLIGHT})
    assert reply.headers["access-control-allow-origin"] in {"http://localhost:8000", "*"}
    assert "PUT" in reply.headers["access-control-allow-methods"]
    assert "x-amz-checksum-sha256" in reply.headers["access-control-allow-headers"].lower()
    return reply


@case("403 AccessForbidden", juicefs="200", why="juicefs is open to every origin")
def a_preflight_of_a_stranger(scene: Scene) -> Reply:
    return scene.send("OPTIONS", scene.url(), headers={"Origin": "https://evil.example", **PREFLIGHT})


@case("200")
def the_site_may_read_the_etag(scene: Scene) -> Reply:
    scene.put()
    reply = scene.send("GET", scene.presign("GET"), headers={"Origin": "http://localhost:8000"})
    assert "etag" in reply.headers["access-control-expose-headers"].lower()
    return reply


@case("403 SignatureDoesNotMatch")
def a_refusal_can_be_read_by_the_site(scene: Scene) -> Reply:
    reply = scene.send("GET", scene.presign("GET") + "0", headers={"Origin": "http://localhost:8000"})
    assert reply.headers["access-control-allow-origin"] in {"http://localhost:8000", "*"}
    return reply
