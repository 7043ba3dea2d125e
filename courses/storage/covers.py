"""Covers and other public media, kept by django-storages in a bucket of their own: never the bucket with the content."""

from typing import Any

import boto3
from django.conf import settings
from storages.backends.s3 import S3Storage

from courses.storage.credentials import credentials_of


class CoverStorage(S3Storage):
    """Public, unsigned addresses that browsers may keep for a year: a changed cover gets a new name."""

    def __init__(self, **options: Any) -> None:
        ours = {
            "bucket_name": settings.MEDIA_BUCKET,
            "region_name": settings.S3_REGION,
            "endpoint_url": settings.S3_ENDPOINT_URL,
            "addressing_style": settings.S3_ADDRESSING_STYLE,
            "signature_version": "s3v4",
            "querystring_auth": False,
            "file_overwrite": False,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
        }
        super().__init__(**ours | options)

    @property
    def bucket(self) -> Any:
        return self.connection.Bucket(self.bucket_name)

    @property
    def connection(self) -> Any:
        """Connect anew when the keeper's keys have changed, as a role's do every hour."""
        key_id = credentials_of("keeper").keys.access_key
        if getattr(self._connections, "key_id", "") != key_id:
            self._connections.connection, self._connections.key_id = None, key_id
        return super().connection

    def _create_session(self) -> boto3.session.Session:
        keys = credentials_of("keeper").keys
        return boto3.session.Session(
            aws_access_key_id=keys.access_key, aws_secret_access_key=keys.secret_key, aws_session_token=keys.token
        )
