"""The bucket's own configuration, read and, where it is safe, set. For `manage.py doctor`.

It is asked with the owner's keys where they are given, else with the keeper's, who may read it but not write it. What a store does not
know, or does not let us see, is a StorageError with its code.
"""

from typing import Any

from django.conf import settings

from courses.storage.bucket import client, ours
from courses.storage.errors import StorageError

# What stores answer to a question that they do not know.
UNSUPPORTED = {
    "InvalidRequest",
    "MethodNotAllowed",
    "NotImplemented",
    "UnsupportedOperation",
    "XNotImplemented",
    "InvalidArgument",
    "405",
    "501",
    "400",
}
HIDDEN_FROM_US = {"AccessDenied", "AllAccessDisabled", "UnauthorizedAccess", "Unauthorized", "403"}
DAYS = 7
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EXPOSED = ("ETag", "Retry-After", "Content-Range", "Accept-Ranges", "Content-Length")
ABORTING = {
    "ID": "lectern-incomplete-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": DAYS},
}


def asked(operation: str, *, absent: str = "", **params: Any) -> dict[str, Any]:
    """Ask for a part of the configuration; nothing where the bucket has none (the code `absent`). Raises StorageError."""
    who = "owner" if settings.S3_OWNER else "keeper"
    try:
        with ours():
            return dict(getattr(client(who), operation)(Bucket=settings.S3_BUCKET, **params))
    except StorageError as error:
        if absent and error.code == absent:
            return {}
        raise


def public_access_blocks() -> dict[str, bool]:
    """Return which of Amazon's four blocks are on; none where the bucket has no such configuration."""
    found = asked("get_public_access_block", absent="NoSuchPublicAccessBlockConfiguration")
    return {name: bool(found.get("PublicAccessBlockConfiguration", {}).get(name)) for name in BLOCKS}


def block_public_access() -> None:
    asked("put_public_access_block", PublicAccessBlockConfiguration=dict.fromkeys(BLOCKS, True))


def is_public() -> bool:
    """Return whether the bucket's policy lets everybody in."""
    found = asked("get_bucket_policy_status", absent="NoSuchBucketPolicy")
    return bool(found.get("PolicyStatus", {}).get("IsPublic"))


def cors_rules() -> list[dict[str, Any]]:
    return list(asked("get_bucket_cors", absent="NoSuchCORSConfiguration").get("CORSRules", []))


def cors_rule(origin: str) -> dict[str, Any]:
    """Return the one rule that the site needs: its pages play, read and upload; nobody else's page may."""
    return {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": list(EXPOSED),
        "MaxAgeSeconds": 3600,
    }


def set_cors(origin: str) -> None:
    """Put the site's rule in place of those that let everybody in, or that speak of the site; rules for other sites stay."""
    try:
        others = [rule for rule in cors_rules() if not {"*", origin} & set(rule["AllowedOrigins"])]
    except StorageError:
        others = []
    asked("put_bucket_cors", CORSConfiguration={"CORSRules": [cors_rule(origin), *others]})


def lifecycle_rules() -> list[dict[str, Any]]:
    """Return the rules that are in force."""
    return [rule for rule in all_lifecycle_rules() if rule.get("Status") == "Enabled"]


def all_lifecycle_rules() -> list[dict[str, Any]]:
    found = asked("get_bucket_lifecycle_configuration", absent="NoSuchLifecycleConfiguration")
    return list(found.get("Rules", []))


def prefix_of(rule: dict[str, Any]) -> str:
    """Return the prefix a lifecycle rule is about, an empty one for the whole bucket. Three shapes are in use."""
    held = rule.get("Filter") or {}
    return str(held.get("Prefix") or held.get("And", {}).get("Prefix") or rule.get("Prefix") or "")


def abort_incomplete_uploads() -> None:
    """Add the rule that ends what was never finished; the rules that are there stay."""
    others = [rule for rule in all_lifecycle_rules() if rule.get("ID") != ABORTING["ID"]]
    asked("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [*others, ABORTING]})


def is_versioned() -> bool:
    return asked("get_bucket_versioning").get("Status") == "Enabled"


def log_target() -> str:
    """Return the bucket that the access log is written to, an empty string for none."""
    return str(asked("get_bucket_logging").get("LoggingEnabled", {}).get("TargetBucket", ""))


def ownership() -> str:
    """Return who owns what is put here; "BucketOwnerEnforced" means that no object has an access list of its own."""
    found = asked("get_bucket_ownership_controls", absent="OwnershipControlsNotFoundError")
    rules = found.get("OwnershipControls", {}).get("Rules", [])
    return str(rules[0].get("ObjectOwnership", "")) if rules else ""
