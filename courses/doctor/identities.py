"""Whether reader, writer and keeper may do their own work, and none of the others'."""

from django.conf import settings

from config.checkup import Check, Finding, good, weak, wrong
from courses.doctor.words import KEEPER, POLICIES, REACHED, WRITER, reaching
from courses.storage import StorageError, attempts, probes

REGION = "bucket.region"
# What a bucket says to whom it does not let in; anything else is no refusal of this.
FORBIDDEN = {"AccessDenied", "403", "AllAccessDisabled", "UnauthorizedAccess", "Unauthorized"}


@reaching
def keeper_works() -> Finding:
    """Ask for what a clean-up needs, before anything is put there that would need one."""
    for code in (
        attempts.attempt("keeper", "list_objects_v2", MaxKeys=1, Prefix=probes.PREFIX),
        attempts.attempt("keeper", "list_multipart_uploads", MaxUploads=1, Prefix=probes.PREFIX),
        # With a tag that nothing has, so that where versions are kept not even the mark of a deletion stays behind.
        attempts.attempt("keeper", "delete_object", Key=probes.new_key(), IfMatch='"nothing-has-this"'),
    ):
        if code not in ("", "NoSuchKey", "404", "PreconditionFailed", "412", "NotImplemented"):
            raise StorageError(code)
    return good("the keeper lists and removes")


@reaching
def uploads_arrive() -> Finding:
    with probes.stored(origin=settings.SITE_URL) as probe:
        again = probes.send("PUT", probe.part_url, headers=probe.part_headers, body=probes.BODY)
        if again.status == 200:
            return wrong(
                "a part's address is still good after its upload is over", "No file is safe here: take another store."
            )
    return good("the writer uploads as a page does, the reader sees it, the keeper removes it; a used address is dead")


@reaching
def reader_only_reads() -> Finding:
    with probes.stored() as probe:
        return only(
            "reader",
            {
                "upload": attempts.upload("reader", probes.new_key()),
                "upload beside content/": attempts.upload("reader", probes.new_key().removeprefix("content/")),
                "list the bucket": attempts.attempt("reader", "list_objects_v2", MaxKeys=1),
                "delete": attempts.delete("reader", probe.key),
            },
        )


@reaching
def writer_only_writes() -> Finding:
    with probes.stored() as probe:
        return only(
            "writer",
            {
                "read": attempts.attempt("writer", "get_object", Key=probe.key),
                "upload beside content/": attempts.upload("writer", probes.new_key().removeprefix("content/")),
                "list the bucket": attempts.attempt("writer", "list_objects_v2", MaxKeys=1),
                "delete": attempts.delete("writer", probe.key),
            },
        )


def only(identity: str, codes: dict[str, str]) -> Finding:
    """Judge what was tried beyond this identity's own work: each must have been refused as forbidden."""
    went_through = [deed for deed, code in codes.items() if code == ""]
    if went_through:
        return wrong(f"the {identity}'s key may also {', '.join(went_through)}", POLICIES)
    odd = {code for code in codes.values() if code not in FORBIDDEN}
    if odd:
        return weak(f"the {identity}'s key is refused, but not as forbidden: {', '.join(sorted(odd))}", POLICIES)
    return good(f"the {identity}'s key does its own work and nothing else")


def keys_differ() -> Finding:
    """One pair of keys for two signers makes each as powerful as both."""
    pairs = [key_id for key_id, _ in settings.S3_IDENTITIES.values()] + list(settings.S3_ROLES.values())
    if len(set(pairs)) < len(pairs):
        return wrong("two of reader, writer and keeper are one and the same key", POLICIES)
    return good("reader, writer and keeper have a key each")


CHECKS = (
    Check("bucket.keys", keys_differ),
    Check(KEEPER, keeper_works, needs=(REACHED, REGION)),
    Check(WRITER, uploads_arrive, needs=(KEEPER,)),
    Check("bucket.reader", reader_only_reads, needs=(WRITER,)),
    Check("bucket.writer", writer_only_writes, needs=(WRITER,)),
)
