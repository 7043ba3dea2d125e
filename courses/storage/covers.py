"""Covers and other public media, kept by django-storages in a bucket of their own: never the bucket with the content."""

from typing import Any

from django.conf import settings
from storages.backends.s3 import S3Storage


class CoverStorage(S3Storage):
    """Public, unsigned addresses that browsers may keep for a year: a changed cover gets a new name."""

    def __init__(self, **options: Any) -> None:
        key_id, secret = settings.S3_IDENTITIES["keeper"]
        ours = {
            "bucket_name": settings.MEDIA_BUCKET,
            "access_key": key_id,
            "secret_key": secret,
            "region_name": settings.S3_REGION,
            "endpoint_url": settings.S3_ENDPOINT_URL,
            "addressing_style": settings.S3_ADDRESSING_STYLE,
            "signature_version": "s3v4",
            "querystring_auth": False,
            "file_overwrite": False,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
        }
        super().__init__(**ours | options)
