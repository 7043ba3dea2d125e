"""Cases of the signature: good, forged, edited, expired, early, unsigned, and of other schemes."""

from tests.sandbox.s3.scene import BODY, Cases, Reply, Scene, edited, parameter

case = Cases()
TRACE = {"x-dl": "0b0e5c1c-6f3b-4a9e-8f5a-000000000001"}
SIGNATURE = "X-Amz-Signature"


@case("200")
def a_url_signed_by_the_reader_gives_the_bytes(scene: Scene) -> Reply:
    scene.put()
    reply = scene.get(query=TRACE)
    assert reply.body == BODY
    return reply


@case("200")
def a_url_may_be_used_again(scene: Scene) -> Reply:
    scene.put()
    url = scene.presign("GET")
    assert scene.send("GET", url).status == 200
    return scene.send("GET", url)


@case("200")
def a_bucket_is_found_by_virtual_host_too(scene: Scene) -> Reply:
    scene.put()
    host = f"{scene.engine.bucket}.localhost:{scene.engine.endpoint.rsplit(':', 1)[1]}"
    url = scene.presign("GET", address=f"http://{host}/{scene.key}")
    return scene.send("GET", url.replace(f"http://{host}", scene.engine.endpoint), headers={"Host": host})


@case("403 SignatureDoesNotMatch")
def a_tampered_signature(scene: Scene) -> Reply:
    scene.put()
    url = scene.presign("GET")
    signature = parameter(url, SIGNATURE)
    return scene.send("GET", edited(url, SIGNATURE, ("0" if signature[0] != "0" else "1") + signature[1:]))


@case("403 SignatureDoesNotMatch", juicefs="400 MissingFields", why="MinIO has a code of its own for it")
def an_empty_signature(scene: Scene) -> Reply:
    return scene.send("GET", edited(scene.presign("GET"), SIGNATURE, ""))


@case("403 SignatureDoesNotMatch")
def a_tampered_key(scene: Scene) -> Reply:
    other = Scene(scene.engine)
    other.put()
    return scene.send("GET", scene.presign("GET").replace(scene.key, other.key))


@case("403 SignatureDoesNotMatch")
def a_tampered_x_parameter(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", edited(scene.presign("GET", query=TRACE), "x-dl", "somebody-else"))


@case("403 SignatureDoesNotMatch")
def a_removed_x_parameter(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", edited(scene.presign("GET", query=TRACE), "x-dl", None))


@case("403 SignatureDoesNotMatch")
def an_added_x_parameter(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", edited(scene.presign("GET"), "x-dl", "mine"))


@case("403 SignatureDoesNotMatch")
def an_added_response_override(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", edited(scene.presign("GET"), "response-content-type", "text/html"))


@case("403")
def a_head_on_a_url_signed_for_get(scene: Scene) -> Reply:
    scene.put()
    return scene.send("HEAD", scene.presign("GET"))


@case("403 SignatureDoesNotMatch")
def a_put_on_a_url_signed_for_get(scene: Scene) -> Reply:
    scene.put()
    reply = scene.send("PUT", scene.presign("GET"), body=b"vandal")
    assert scene.stored() == BODY
    return reply


@case("403 SignatureDoesNotMatch")
def a_delete_on_a_url_signed_for_get(scene: Scene) -> Reply:
    scene.put()
    reply = scene.send("DELETE", scene.presign("GET"))
    assert scene.stored() == BODY
    return reply


@case("403 SignatureDoesNotMatch")
def another_content_type_than_was_signed(scene: Scene) -> Reply:
    url = scene.presign("PUT", who="writer", headers={"Content-Type": "application/pdf"})
    reply = scene.send("PUT", url, headers={"Content-Type": "text/html"}, body=BODY)
    assert scene.stored() is None
    return reply


@case("403 SignatureDoesNotMatch", juicefs="400 AccessDenied", why="MinIO has another code for it")
def a_signed_header_that_is_not_sent(scene: Scene) -> Reply:
    url = scene.presign("PUT", who="writer", headers={"Content-Type": "application/pdf"})
    return scene.send("PUT", url, body=BODY)


@case("403 SignatureDoesNotMatch")
def another_length_than_was_signed(scene: Scene) -> Reply:
    url = scene.presign("PUT", who="writer", headers={"Content-Length": str(len(BODY))})
    reply = scene.send("PUT", url, body=BODY + b"more")
    assert scene.stored() is None
    return reply


@case("200")
def type_and_length_as_they_were_signed(scene: Scene) -> Reply:
    headers = {"Content-Type": "application/pdf", "Content-Length": str(len(BODY))}
    reply = scene.send("PUT", scene.presign("PUT", who="writer", headers=headers), headers=headers, body=BODY)
    assert scene.stored() == BODY
    return reply


@case("403 AccessDenied", juicefs="200", why="MinIO lets it pass; AWS names it in HeadersNotSigned and refuses")
def an_amz_header_that_was_not_signed(scene: Scene) -> Reply:
    return scene.send("PUT", scene.presign("PUT", who="writer"), headers={"x-amz-meta-note": "mine"}, body=BODY)


@case("403 SignatureDoesNotMatch")
def another_host_than_was_signed(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", scene.presign("GET"), headers={"Host": "somewhere.example"})


@case("403 AccessDenied", juicefs="400 AccessDenied", why="MinIO has another status for it")
def signed_headers_without_host(scene: Scene) -> Reply:
    scene.put()
    return scene.send(
        "GET", edited(scene.presign("GET"), "X-Amz-SignedHeaders", "range"), headers={"Range": "bytes=0-1"}
    )


@case("403 AccessDenied")
def an_unsigned_get(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", scene.url())


@case("403 AccessDenied")
def an_unsigned_put(scene: Scene) -> Reply:
    reply = scene.send("PUT", scene.url(), body=BODY)
    assert scene.stored() is None
    return reply


@case("403 AccessDenied")
def an_unsigned_list(scene: Scene) -> Reply:
    return scene.send("GET", scene.url("", **{"list-type": "2"}))


@case("403 AccessDenied")
def an_unsigned_delete(scene: Scene) -> Reply:
    scene.put()
    reply = scene.send("DELETE", scene.url())
    assert scene.stored() == BODY
    return reply


@case("403 InvalidAccessKeyId")
def an_unknown_access_key(scene: Scene) -> Reply:
    return scene.get(pair=("AKIDNOBODY", "whatever-secret"))


@case("403 SignatureDoesNotMatch")
def a_known_access_key_with_a_wrong_secret(scene: Scene) -> Reply:
    return scene.get(pair=(scene.engine.keys["reader"][0], "a-guess"))


@case(
    "400 AuthorizationQueryParametersError",
    juicefs="200",
    why="a gateway without a region takes any; AWS names the one it expects",
)
def a_scope_of_another_region(scene: Scene) -> Reply:
    scene.put()
    return scene.get(region="eu-west-3")


@case(
    "400 AuthorizationQueryParametersError",
    juicefs="400 AuthorizationParametersError",
    why="MinIO spells the code otherwise",
)
def a_scope_of_another_service(scene: Scene) -> Reply:
    return scene.get(service="sqs")


@case(
    "400 AuthorizationQueryParametersError", juicefs="403 SignatureDoesNotMatch", why="MinIO finds out at the signature"
)
def a_scope_of_another_day(scene: Scene) -> Reply:
    url = scene.presign("GET")
    scope = parameter(url, "X-Amz-Credential").split("/")
    scope[1] = "20200101"
    return scene.send("GET", edited(url, "X-Amz-Credential", "/".join(scope)))


@case("400 AuthorizationQueryParametersError")
def a_missing_signing_parameter(scene: Scene) -> Reply:
    return scene.send("GET", edited(scene.presign("GET"), "X-Amz-Date", None))


@case("400 InvalidToken", juicefs="403 InvalidTokenId", why="MinIO has a code of its own for it")
def a_session_token_nobody_issued(scene: Scene) -> Reply:
    scene.put()
    return scene.get(token="made-up")


@case("400 InvalidArgument", juicefs="400 InvalidRequest", why="MinIO has another code for it")
def two_signatures_at_once(scene: Scene) -> Reply:
    scene.put()
    url = scene.presign("GET")
    return scene.send("GET", url, headers=scene.signed("GET", url))
