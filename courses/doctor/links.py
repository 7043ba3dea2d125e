"""Whether the bucket takes the site's links, and refuses everybody else's: no signature, an edited one, an old one."""

import re
from urllib.parse import urlsplit

from django.conf import settings

from config.checkup import Check, Finding, good, unknown, weak, wrong
from courses.doctor.words import POLICIES, WRITER, reaching
from courses.storage import StorageError, attempts, probes

NO_STORE = "This store does not hold links against their signature: no file is safe here. Take another."
PRIVATE = "Switch on “Block public access”, and take out every policy, rule or access list that lets everybody in."
OVERRIDES = {
    "response-cache-control": "private, no-store",
    "response-content-disposition": 'attachment; filename="doctor.txt"',
    "response-content-type": "application/pdf",
    "x-dl": "doctor",
}
LONGEST, LATE = 3600, 1000  # seconds; the longest link that the site ever signs lives for 900


@reaching
def is_closed_to_strangers() -> Finding:
    with probes.stored() as probe:
        got = probes.send("GET", probes.object_url(probe.key))
        listed = probes.send("GET", f"{probes.whole_bucket()}?list-type=2&max-keys=1")
        begun = attempts.upload_unsigned(probes.new_key())
    open_to = [
        deed for deed, yes in (("read", got.status < 400), ("list", listed.status < 400), ("write", begun)) if yes
    ]
    if open_to:
        return wrong(f"anybody may {' and '.join(open_to)}, without any signature", PRIVATE)
    return good("strangers can neither read, list nor write")


@reaching
def links_work() -> Finding:
    with probes.stored() as probe:
        reply = probes.send("GET", probes.sign("GET", probe.key, by="reader", query=OVERRIDES))
    if reply.status != 200 or reply.body != probes.BODY:
        return wrong(f"a link is refused: {reply.status} {reply.code}", POLICIES)
    wanted = [(name.removeprefix("response-"), value) for name, value in OVERRIDES.items() if name != "x-dl"]
    ignored = [name for name, value in wanted if reply.headers.get(name) != value]
    if ignored:
        return weak(
            f"links work, but the store ignores what they say of {', '.join(ignored)}",
            "Readers get odd file names here.",
        )
    return good("a link gives the file, with the name and the type that the site chose")


@reaching
def old_links_are_refused() -> Finding:
    with probes.stored() as probe:
        reply = probes.send("GET", probes.sign("GET", probe.key, by="reader", ttl=60, age=300))
    if not reply.refused:
        return wrong(f"a link that ran out four minutes ago is answered {reply.status}", NO_STORE)
    return good("a link that has run out is refused")


@reaching
def edited_links_are_refused() -> Finding:
    with probes.stored() as probe, probes.stored() as other:
        link = probes.sign("GET", probe.key, by="reader", query=OVERRIDES)
        edits = {
            "another signature": re.sub(r"(X-Amz-Signature=)[0-9a-f]{8}", r"\g<1>00000000", link),
            "another file": link.replace(probe.key, other.key),
            "another trace": link.replace("x-dl=doctor", "x-dl=nobody"),
            "no trace": re.sub(r"x-dl=doctor&", "", link),
            "a longer life": link.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        }
        taken = [name for name, url in edits.items() if url == link or not probes.send("GET", url).refused]
        if probes.send("HEAD", link).status < 400:
            taken.append("another method")
    if taken:
        return wrong(f"links are taken with {', '.join(taken)}", NO_STORE)
    return good("a link that was edited in any of six ways is refused")


@reaching
def parts_are_as_signed() -> Finding:
    key = probes.new_key()
    with probes.begun(key) as upload_id:
        url = probes.sign_part(key, upload_id, probes.digest(probes.BODY))
        signed = probes.part_headers(probes.digest(probes.BODY))
        other = bytes(reversed(probes.BODY))
        longer = probes.send("PUT", url, headers=signed, body=probes.BODY + b"more")
        wrong_sum = probes.send("PUT", url, headers=signed, body=other)
        edited = probes.send("PUT", url, headers=probes.part_headers(probes.digest(other)), body=other)
    if not longer.refused or not edited.refused:
        return wrong("an upload's address takes other bytes than it was signed for", NO_STORE)
    if not wrong_sum.refused:
        return weak(
            "the store ignores the checksums of parts",
            "Nothing to do: the worker reads every upload and sums it itself before it serves. It costs one read of each file.",
        )
    return good("the store holds each part against its size and its SHA-256")


@reaching
def plain_http_is_refused() -> Finding:
    if urlsplit(settings.S3_ENDPOINT_URL).scheme != "https":
        if urlsplit(settings.S3_ENDPOINT_URL).hostname in ("127.0.0.1", "localhost", "::1"):
            return weak(
                "the bucket is on this machine, without TLS", "Good for a try-out; readers elsewhere need https."
            )
        return wrong("links travel unencrypted: S3_ENDPOINT_URL is http://", "S3_ENDPOINT_URL=https://…")
    with probes.stored() as probe:
        link = probes.sign("GET", probe.key, by="reader", ttl=30)
        try:
            reply = probes.send("GET", link.replace("https://", "http://", 1))
        except StorageError:
            return good("the store does not speak plain http")
    if reply.status == 200:
        return weak("the same links work over plain http", POLICY.format("aws:SecureTransport"))
    return good("plain http is refused")


@reaching
def ancient_signatures_are_refused() -> Finding:
    with probes.stored() as probe:
        reply = probes.send("GET", probes.sign_as_before_2014(probe.key, by="reader"))
    if reply.status == 200:
        return weak(
            "the store takes Signature Version 2, whose links no policy can bound", POLICY.format("s3:signatureversion")
        )
    return good("Signature Version 2 is refused")


@reaching
def age_has_a_ceiling() -> Finding:
    with probes.stored() as probe:
        reply = probes.send("GET", probes.sign("GET", probe.key, by="reader", ttl=LONGEST, age=LATE))
    if reply.status == 200:
        return weak(
            "who had the reader's key could sign links for seven days: the bucket puts no ceiling on their age",
            POLICY.format("s3:signatureAge"),
        )
    if not reply.refused:
        return unknown(f"cannot tell whether links have a ceiling: {reply.status}", POLICY.format("s3:signatureAge"))
    return good("no link is taken that was signed more than a quarter of an hour ago")


POLICY = (
    "Add the statement with {} from deploy/bucket.yaml to the bucket's policy; a store without policies cannot do this."
)
CHECKS = (
    Check("links.strangers", is_closed_to_strangers, needs=(WRITER,)),
    Check("links.work", links_work, needs=(WRITER,)),
    Check("links.expiry", old_links_are_refused, needs=(WRITER, "links.work")),
    Check("links.edited", edited_links_are_refused, needs=(WRITER, "links.work")),
    Check("links.parts", parts_are_as_signed, needs=(WRITER,)),
    Check("links.tls", plain_http_is_refused, needs=(WRITER, "links.work")),
    Check("links.version", ancient_signatures_are_refused, needs=(WRITER,)),
    Check("links.age", age_has_a_ceiling, needs=(WRITER, "links.work")),
)
