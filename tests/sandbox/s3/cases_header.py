"""Cases of calls signed in their Authorization header, and of the older signature."""

import base64
import hashlib
import hmac
from email.utils import formatdate

from tests.sandbox.s3.scene import BODY, Cases, Reply, Scene

case = Cases()


@case(
    "400 InvalidRequest",
    juicefs="200",
    why="MinIO still takes version 2; young AWS regions and our bucket policy do not",
)
def an_older_signature_in_the_query(scene: Scene) -> Reply:
    scene.put()
    key_id, secret = scene.engine.keys["reader"]
    expires = "4102444800"
    text = f"GET\n\n\n{expires}\n/{scene.engine.bucket}/{scene.key}"
    digest = hmac.digest(secret.encode(), text.encode(), "sha1")
    return scene.send(
        "GET", scene.url(AWSAccessKeyId=key_id, Expires=expires, Signature=base64.b64encode(digest).decode())
    )


@case(
    "400 InvalidRequest",
    juicefs="200",
    why="MinIO still takes version 2; young AWS regions and our bucket policy do not",
)
def an_older_signature_in_the_header(scene: Scene) -> Reply:
    scene.put()
    key_id, secret = scene.engine.keys["reader"]
    date = formatdate(usegmt=True)
    digest = hmac.digest(secret.encode(), f"GET\n\n\n{date}\n/{scene.engine.bucket}/{scene.key}".encode(), "sha1")
    headers = {"Date": date, "Authorization": f"AWS {key_id}:{base64.b64encode(digest).decode()}"}
    return scene.send("GET", scene.url(), headers=headers)


@case("200")
def a_call_signed_in_its_header(scene: Scene) -> Reply:
    scene.put()
    return scene.call("GET", scene.url())


@case("200")
def an_upload_whose_payload_is_not_signed(scene: Scene) -> Reply:
    headers = scene.signed("PUT", scene.url(), who="writer", payload="UNSIGNED-PAYLOAD")
    reply = scene.send("PUT", scene.url(), headers=headers, body=BODY)
    assert scene.stored() == BODY
    return reply


@case("400 XAmzContentSHA256Mismatch")
def a_payload_other_than_its_hash(scene: Scene) -> Reply:
    wrong = hashlib.sha256(b"something else").hexdigest()
    headers = scene.signed("PUT", scene.url(), who="writer", payload=wrong)
    reply = scene.send("PUT", scene.url(), headers=headers, body=BODY)
    assert scene.stored() is None
    return reply


@case("403 SignatureDoesNotMatch")
def a_header_signature_moved_to_another_key(scene: Scene) -> Reply:
    headers = scene.signed("DELETE", scene.url())
    other = Scene(scene.engine)
    other.put()
    return other.send("DELETE", other.url(), headers=headers)


@case("403 RequestTimeTooSkewed")
def a_call_signed_twenty_minutes_ago(scene: Scene) -> Reply:
    return scene.send("GET", scene.url(), headers=scene.signed("GET", scene.url(), age=20 * 60))


@case("403 RequestTimeTooSkewed")
def a_call_signed_twenty_minutes_ahead(scene: Scene) -> Reply:
    return scene.send("GET", scene.url(), headers=scene.signed("GET", scene.url(), age=-20 * 60))


@case("400 AuthorizationHeaderMalformed", juicefs="400 MissingFields", why="MinIO has a code of its own for it")
def an_authorization_header_cut_short(scene: Scene) -> Reply:
    headers = scene.signed("GET", scene.url())
    headers["Authorization"] = headers["Authorization"].partition(", Signature")[0]
    return scene.send("GET", scene.url(), headers=headers)
