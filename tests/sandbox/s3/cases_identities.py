"""Cases of the three identities: each may do its own work and nothing else."""

from tests.sandbox.s3.scene import BODY, Cases, Reply, Scene

case = Cases()
ALONE = "juicefs has a single identity, which may do everything"
LISTING = {"list-type": "2"}


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_reader_may_not_put(scene: Scene) -> Reply:
    return scene.send("PUT", scene.presign("PUT", who="reader"), body=BODY)


@case("403 AccessDenied", juicefs="204", why=ALONE)
def the_reader_may_not_delete(scene: Scene) -> Reply:
    scene.put()
    return scene.send("DELETE", scene.presign("DELETE", who="reader"))


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_reader_may_not_list(scene: Scene) -> Reply:
    return scene.call("GET", scene.url("", **LISTING), who="reader")


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_reader_may_not_begin_an_upload(scene: Scene) -> Reply:
    return scene.call("POST", scene.url(uploads=""), who="reader")


@case("200")
def the_reader_may_head(scene: Scene) -> Reply:
    scene.put()
    reply = scene.send("HEAD", scene.presign("HEAD"))
    assert reply.headers["content-length"] == str(len(BODY))
    return reply


@case("206")
def the_reader_may_read_first_bytes(scene: Scene) -> Reply:
    scene.put()
    reply = scene.call("GET", scene.url(), who="reader", headers={"Range": "bytes=0-6"})
    assert reply.body == BODY[:7]
    return reply


@case("403 AccessDenied", juicefs="404 NoSuchKey", why=f"S3 tells absence only to who may list, and {ALONE}")
def the_reader_is_not_told_what_is_absent(scene: Scene) -> Reply:
    return scene.get()


@case("404 NoSuchKey")
def the_keeper_is_told_what_is_absent(scene: Scene) -> Reply:
    return scene.call("GET", scene.url())


@case("403 AccessDenied", juicefs="404 NoSuchKey", why=ALONE)
def the_reader_may_not_leave_content(scene: Scene) -> Reply:
    return scene.get(key="backup/database.sql")


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_writer_may_not_read(scene: Scene) -> Reply:
    scene.put()
    return scene.get(who="writer")


@case("403", juicefs="200", why=ALONE)
def the_writer_may_not_head(scene: Scene) -> Reply:
    scene.put()
    return scene.send("HEAD", scene.presign("HEAD", who="writer"))


@case("403 AccessDenied", juicefs="204", why=ALONE)
def the_writer_may_not_delete(scene: Scene) -> Reply:
    scene.put()
    return scene.call("DELETE", scene.url(), who="writer")


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_writer_may_not_list(scene: Scene) -> Reply:
    return scene.call("GET", scene.url("", **LISTING), who="writer")


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_writer_may_not_copy(scene: Scene) -> Reply:
    scene.put()
    source = {"x-amz-copy-source": f"/{scene.engine.bucket}/{scene.key}"}
    return scene.call("PUT", scene.url(scene.key + "-copy"), who="writer", headers=source)


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_writer_may_not_leave_content(scene: Scene) -> Reply:
    return scene.call("PUT", scene.url("elsewhere/file"), who="writer", body=BODY)


@case("403 AccessDenied", juicefs="200", why="juicefs takes no access lists and lets the header pass")
def the_writer_may_not_open_an_object_to_everybody(scene: Scene) -> Reply:
    return scene.call("PUT", scene.url(), who="writer", headers={"x-amz-acl": "public-read"}, body=BODY)


@case("200")
def the_keeper_may_list(scene: Scene) -> Reply:
    scene.put()
    reply = scene.call("GET", scene.url("", prefix=scene.key, **LISTING))
    assert reply.texts("Key") == [scene.key]
    return reply


@case("204")
def the_keeper_may_delete_and_the_url_is_dead(scene: Scene) -> Reply:
    scene.put()
    url = scene.presign("GET", who="keeper")
    reply = scene.call("DELETE", scene.url())
    assert scene.send("GET", url).status == 404
    return reply


@case("204")
def the_keeper_may_delete_what_is_not_there(scene: Scene) -> Reply:
    return scene.call("DELETE", scene.url())


@case("200")
def the_keeper_may_copy(scene: Scene) -> Reply:
    scene.put()
    copy = scene.key + "-copy"
    reply = scene.call("PUT", scene.url(copy), headers={"x-amz-copy-source": f"/{scene.engine.bucket}/{scene.key}"})
    assert scene.stored(copy) == BODY
    return reply


@case("200")
def the_keeper_may_ask_for_the_bucket(scene: Scene) -> Reply:
    return scene.call("HEAD", scene.url(""))


@case("200")
def the_owner_may_ask_where_the_bucket_is(scene: Scene) -> Reply:
    return scene.call("GET", scene.url("", location=""), who="owner")


@case("403 AccessDenied", juicefs="200", why=ALONE)
def the_keeper_may_not_ask_what_no_policy_grants(scene: Scene) -> Reply:
    return scene.call("GET", scene.url("", acl=""))


@case("403 AccessDenied", juicefs="404 NoSuchBucketPolicy", why=ALONE)
def the_keeper_may_not_read_the_policy(scene: Scene) -> Reply:
    return scene.call("GET", scene.url("", policy=""))
