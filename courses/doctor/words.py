"""The commands and sentences that several checks of the bucket have in common."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings

from config.checkup import Finding, unknown, wrong
from courses.storage import StorageError
from courses.storage.configuration import HIDDEN_FROM_US, UNSUPPORTED

IS_AMAZON = ".amazonaws.com"
REACHED, KEEPER, WRITER = "bucket.reached", "bucket.keeper", "bucket.upload"
AGAIN = "Run it again in a minute."
POLICIES = "Give each key the policy of its own in deploy/bucket.yaml, and nothing else; docs/buckets.md has the same for other stores."


def aws(command: str, **documents: Any) -> str:
    """Return a command for Amazon's CLI, with its bucket, its endpoint where that is another's, and JSON options."""
    options = "".join(f" --{name.replace('_', '-')} '{json.dumps(value)}'" for name, value in documents.items())
    endpoint = "" if IS_AMAZON in settings.S3_ENDPOINT_URL else f" --endpoint-url {settings.S3_ENDPOINT_URL}"
    return f"aws s3api {command} --bucket {settings.S3_BUCKET}{options}{endpoint}"


def asking(what: str, *, permission: str, by_hand: str) -> Callable[[Callable[[], Finding]], Callable[[], Finding]]:
    """Turn a store that does not know a question, or does not let us ask it, into "cannot tell" and what to look at by hand."""

    def wrap(ask: Callable[[], Finding]) -> Callable[[], Finding]:
        @wraps(ask)
        def wrapped() -> Finding:
            try:
                return ask()
            except StorageError as error:
                if error.code in HIDDEN_FROM_US:
                    return unknown(
                        f"cannot tell {what}: the keeper may not look",
                        f"Allow it {permission}, or run this once with S3_OWNER_KEY_ID and S3_OWNER_SECRET. {by_hand}",
                    )
                if error.code in UNSUPPORTED:
                    return unknown(f"cannot tell {what}: this store does not answer that ({error.code})", by_hand)
                return wrong(f"cannot tell {what}: the bucket answered {error.code}", ADVICE.get(error.code, AGAIN))

        return wrapped

    return wrap


def reaching(ask: Callable[[], Finding]) -> Callable[[], Finding]:
    """Turn a bucket that does not do what the site asks of it into a finding with its code."""

    @wraps(ask)
    def wrapped() -> Finding:
        try:
            return ask()
        except StorageError as error:
            return wrong(f"the bucket answered {error.code}", ADVICE.get(error.code, POLICIES))

    return wrapped


ADVICE = {
    "InvalidAccessKeyId": "The store does not know one of the S3_…_KEY_ID: copy it anew.",
    "SignatureDoesNotMatch": "One of the S3_…_SECRET is not that of its key id: copy it anew.",
    "NoSuchBucket": "S3_BUCKET names no bucket here: correct it, or make the bucket with deploy/bucket.yaml.",
    "RequestTimeTooSkewed": "This machine's clock is wrong: timedatectl set-ntp true",
    "AuthorizationHeaderMalformed": "S3_REGION is another than the bucket's.",
    "PermanentRedirect": "S3_REGION or S3_ENDPOINT_URL is another than the bucket's.",
    "IllegalLocationConstraintException": "S3_REGION is another than the bucket's.",
    "CredentialsEnding": "A role gives no keys: let the machine's own identity do sts:AssumeRole on S3_…_ROLE, and the role trust it.",
    "EndpointConnectionError": "Nobody answers at S3_ENDPOINT_URL.",
    "ConnectTimeoutError": "Nobody answers at S3_ENDPOINT_URL.",
}
