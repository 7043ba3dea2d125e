"""A private bucket on disk that holds every request against its signature, for the demo and the tests.

    with BucketServer(root, bucket="lectern-content", region="us-east-1", identities=…, cors_origins=[…]) as bucket:
        boto3.client("s3", endpoint_url=bucket.endpoint, …)

It stands in for one bucket of Amazon S3 and its three signers; kill-safe, not power-safe: nothing is fsynced.
"""

from .identities import Identity
from .journal import LogEntry
from .server import BucketServer

__all__ = ["BucketServer", "Identity", "LogEntry"]
