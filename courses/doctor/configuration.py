"""How the bucket is set up: who is kept out, which pages may use it, what is cleaned away, and what is written down."""

from typing import Any

from django.conf import settings

from config.checkup import Check, Finding, good, unknown, weak, wrong
from courses.doctor.words import IS_AMAZON, REACHED, WRITER, asking, aws, reaching
from courses.storage import configuration, probes

STRANGER = "https://somebody-else.example"
LIFECYCLE_HINT = "Look for a lifecycle rule that aborts incomplete multipart uploads after a week."
SENT = "content-type,x-amz-checksum-sha256"


@asking(
    "whether public access is blocked",
    permission="s3:GetBucketPublicAccessBlock",
    by_hand="Look in the store's console that the bucket is private. links.strangers has tried it from outside.",
)
def public_access_is_blocked() -> Finding:
    blocks = configuration.public_access_blocks()
    paste = aws("put-public-access-block", public_access_block_configuration=dict.fromkeys(blocks, True))
    off = [name for name, on in blocks.items() if not on]
    if off:
        return wrong(f"“Block public access” is off: {', '.join(off)}", paste)
    return good("public access is blocked")


@asking(
    "whether the policy is public",
    permission="s3:GetBucketPolicyStatus",
    by_hand="Read the bucket's policy: nothing in it may allow Principal “*”.",
)
def policy_is_not_public() -> Finding:
    if configuration.is_public():
        return wrong("the bucket's policy lets everybody in", "Put the policy of deploy/bucket.yaml in its place.")
    return good("the bucket's policy lets nobody in beside its keys")


@asking(
    "who owns what is uploaded",
    permission="s3:GetBucketOwnershipControls",
    by_hand="Access lists (ACLs) of objects should be off.",
)
def access_lists_are_off() -> Finding:
    if configuration.ownership() == "BucketOwnerEnforced":
        return good("objects have no access lists of their own")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    return weak(
        "objects may have access lists of their own", aws("put-bucket-ownership-controls", ownership_controls=rules)
    )


@reaching
def cors_is_for_the_site_alone() -> Finding:
    paste = aws("put-bucket-cors", cors_configuration={"CORSRules": [configuration.cors_rule(settings.SITE_URL)]})
    ours, theirs = preflight(settings.SITE_URL), preflight(STRANGER)
    if not allows(ours, settings.SITE_URL):
        return wrong(f"pages of {settings.SITE_URL} may not upload to the bucket", paste)
    if allows(theirs, STRANGER):
        return weak("every site's pages may use the bucket from a browser, with a link that they have come by", paste)
    with probes.stored(origin=settings.SITE_URL) as probe:
        exposed = {
            name.strip().lower()
            for name in probe.part_reply.headers.get("access-control-expose-headers", "").split(",")
        }
    if not {"etag", "*"} & exposed:
        return wrong("pages may not read the ETag of what they upload, so no upload can be finished", paste)
    return good(f"pages of {settings.SITE_URL} may use the bucket, and no others")


def preflight(origin: str) -> probes.Reply:
    """Ask as a browser does before a page of this origin uploads a part."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": SENT}
    return probes.send("OPTIONS", probes.object_url(probes.new_key()), headers=headers)


def allows(reply: probes.Reply, origin: str) -> bool:
    methods = reply.headers.get("access-control-allow-methods", "")
    return reply.status < 300 and reply.headers.get("access-control-allow-origin") in (origin, "*") and "PUT" in methods


def set_cors() -> None:
    configuration.set_cors(settings.SITE_URL)


@asking("what is cleaned away", permission="s3:GetLifecycleConfiguration", by_hand=LIFECYCLE_HINT)
def leftovers_are_cleaned_away() -> Finding:
    rules = [rule for rule in configuration.lifecycle_rules() if concerns(rule)]
    eating = [rule for rule in rules if {"Days", "Date"} & (rule.get("Expiration") or {}).keys()]
    if eating:
        return wrong(
            f"a lifecycle rule removes your files by itself: {eating[0].get('ID') or 'without a name'}",
            "Take its “expire current versions” out. What it has removed comes back from versions alone.",
        )
    if not any(rule.get("AbortIncompleteMultipartUpload") for rule in rules):
        paste = aws(
            "put-bucket-lifecycle-configuration", lifecycle_configuration={"Rules": [*rules, configuration.ABORTING]}
        )
        return weak("uploads that are never finished stay, and are paid for", paste)
    return good("uploads that are never finished are removed, and nothing else is")


def concerns(rule: dict[str, Any]) -> bool:
    prefix = configuration.prefix_of(rule)
    return prefix.startswith("content/") or "content/".startswith(prefix)


@asking(
    "whether versions are kept",
    permission="s3:GetBucketVersioning",
    by_hand="Switch versioning on, if the store has it: it is the bucket's backup.",
)
def versions_are_kept() -> Finding:
    if not configuration.is_versioned():
        enabled = {"Status": "Enabled"}
        return weak(
            "versioning is off: what is deleted by mistake is gone",
            aws("put-bucket-versioning", versioning_configuration=enabled),
        )
    ends = any("NoncurrentVersionExpiration" in rule for rule in configuration.lifecycle_rules() if concerns(rule))
    if not ends:
        return weak(
            "old versions are kept for ever, and paid for", "Add the rule “old-versions” of deploy/bucket.yaml."
        )
    return good("what is deleted can be had back for a while")


@asking("whether the access log is on", permission="s3:GetBucketLogging", by_hand="Switch it on, if the store has one.")
def access_is_logged() -> Finding:
    target = configuration.log_target()
    if target == settings.S3_BUCKET:
        return wrong("the access log is written into the bucket that it is about", "Choose another bucket for it.")
    if target:
        return good(f"every request is written down in {target}, with the download it came from")
    wish = {"LoggingEnabled": {"TargetBucket": f"{settings.S3_BUCKET}-log", "TargetPrefix": "access/"}}
    return weak(
        "no access log: a link that was passed on cannot be traced",
        aws("put-bucket-logging", bucket_logging_status=wish),
    )


def media_bucket_is_another() -> Finding:
    if settings.MEDIA_BUCKET == settings.S3_BUCKET:
        return wrong("MEDIA_BUCKET is the bucket with the files, and is meant to be public", "MEDIA_BUCKET=")
    return good("covers are kept apart from files")


def endpoint_is_regional() -> Finding:
    host = settings.S3_ENDPOINT_URL
    if IS_AMAZON not in host:
        return unknown(
            "another store than Amazon's: what it enforces is what the lines above have seen", "docs/buckets.md"
        )
    if settings.S3_REGION not in host:
        return wrong(
            "S3_ENDPOINT_URL is not that of S3_REGION", f"S3_ENDPOINT_URL=https://s3.{settings.S3_REGION}.amazonaws.com"
        )
    if settings.S3_ADDRESSING_STYLE != "virtual":
        return weak("Amazon wants the bucket in the host's name", "S3_ADDRESSING_STYLE=virtual")
    return good("Amazon S3, at its regional address")


CHECKS = (
    Check("bucket.public", public_access_is_blocked, needs=(REACHED,), fix=configuration.block_public_access),
    Check("bucket.policy", policy_is_not_public, needs=(REACHED,)),
    Check("bucket.acl", access_lists_are_off, needs=(REACHED,)),
    Check("bucket.cors", cors_is_for_the_site_alone, needs=(WRITER,), fix=set_cors),
    Check("bucket.lifecycle", leftovers_are_cleaned_away, needs=(REACHED,), fix=configuration.abort_incomplete_uploads),
    Check("bucket.versions", versions_are_kept, needs=(REACHED,)),
    Check("bucket.log", access_is_logged, needs=(REACHED,)),
    Check("bucket.media", media_bucket_is_another),
    Check("bucket.store", endpoint_is_regional),
)
