"""Whether a key of the reader's may read: what is asked before it signs, and after it was switched off."""

from django.conf import settings

from courses.storage.bucket import made_client, ours
from courses.storage.errors import StorageError


def refusal_of(pair: tuple[str, str], key: str) -> str:
    """Read one byte of an object with an access key and its secret; return nothing if that works, else the bucket's word why not."""
    try:
        with ours():
            client = made_client(*pair, None, settings.S3_ENDPOINT_URL, settings.S3_REGION)
            client.get_object(Bucket=settings.S3_BUCKET, Key=key, Range="bytes=0-0")["Body"].read()
    except StorageError as error:
        return error.code
    return ""
