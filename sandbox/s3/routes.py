"""From a verified request to the operation it names, and the permission that operation needs."""

from collections.abc import Callable
from dataclasses import dataclass

from . import bucket, checksums, multipart, objects
from .answers import Answer, Call
from .errors import S3Error
from .request import Request

# Sub-resources of real S3 that this bucket does not have; asking for one must never fall through to a plain GET or PUT.
ABSENT = frozenset(
    [
        "accelerate",
        "acl",
        "analytics",
        "attributes",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "logging",
        "metadataTable",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "renameObject",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "session",
        "tagging",
        "torrent",
        "versionId",
        "versioning",
        "versions",
        "website",
    ]
)


@dataclass(frozen=True)
class Operation:
    """`action` is what the policy must allow; without one the operation asks key by key itself."""

    name: str
    action: str
    run: Callable[[Call], Answer]

    def body_headers(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers that speak of this request's body; a completed upload's checksum speaks of the object."""
        if self.name != "CompleteMultipartUpload":
            return headers
        return {name: value for name, value in headers.items() if not name.startswith(checksums.PREFIX)}


def refuse(call: Call) -> Answer:
    raise S3Error("NotImplemented", f"This bucket does not know how to {call.request.method} that.")


PUT, GET, LIST = "s3:PutObject", "s3:GetObject", "s3:ListBucket"
ON_OBJECT = {
    ("GET", ""): Operation("GetObject", GET, objects.get_object),
    ("HEAD", ""): Operation("HeadObject", GET, objects.get_object),
    ("PUT", ""): Operation("PutObject", PUT, objects.put_object),
    ("PUT", "copy"): Operation("CopyObject", PUT, objects.copy_object),
    ("DELETE", ""): Operation("DeleteObject", "s3:DeleteObject", objects.delete_object),
    ("POST", "uploads"): Operation("CreateMultipartUpload", PUT, multipart.create),
    ("PUT", "uploadId"): Operation("UploadPart", PUT, multipart.upload_part),
    ("PUT", "uploadId copy"): Operation("UploadPartCopy", PUT, multipart.copy_part),
    ("GET", "uploadId"): Operation("ListParts", "s3:ListMultipartUploadParts", multipart.list_parts),
    ("POST", "uploadId"): Operation("CompleteMultipartUpload", PUT, multipart.complete),
    ("DELETE", "uploadId"): Operation("AbortMultipartUpload", "s3:AbortMultipartUpload", multipart.abort),
}
# What the keeper may ask of a bucket on Amazon, so that the doctor can look; ours has none of it.
DOCTOR = {
    ("GET", "lifecycle"): "s3:GetLifecycleConfiguration",
    ("GET", "logging"): "s3:GetBucketLogging",
    ("GET", "ownershipControls"): "s3:GetBucketOwnershipControls",
    ("GET", "policyStatus"): "s3:GetBucketPolicyStatus",
    ("GET", "publicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("GET", "versioning"): "s3:GetBucketVersioning",
}
ON_BUCKET = {
    ("HEAD", ""): Operation("HeadBucket", LIST, bucket.head),
    ("GET", "list-type"): Operation("ListObjectsV2", LIST, bucket.list_objects),
    ("GET", ""): Operation("ListObjects", LIST, refuse),
    ("GET", "location"): Operation("GetBucketLocation", "s3:GetBucketLocation", bucket.location),
    ("GET", "uploads"): Operation("ListMultipartUploads", "s3:ListBucketMultipartUploads", bucket.list_uploads),
    ("POST", "delete"): Operation("DeleteObjects", "", bucket.delete_objects),
    ("GET", "cors"): Operation("GetBucketCors", "s3:GetBucketCORS", bucket.get_cors),
    ("PUT", "cors"): Operation("PutBucketCors", "s3:PutBucketCORS", bucket.put_cors),
    ("PUT", ""): Operation("CreateBucket", "s3:CreateBucket", refuse),
    ("DELETE", ""): Operation("DeleteBucket", "s3:DeleteBucket", refuse),
}


def operation(request: Request) -> Operation:
    """The operation a request names; raises MethodNotAllowed where there is none."""
    if not request.bucket:
        return Operation("ListBuckets", "s3:ListAllMyBuckets", refuse)
    names = request.parameters.keys()
    if absent := sorted(ABSENT & names):
        return Operation(absent[0], DOCTOR.get((request.method, absent[0]), f"s3:{absent[0]}"), refuse)
    table, marker = (ON_OBJECT, object_marker(request)) if request.key else (ON_BUCKET, bucket_marker(request))
    found = table.get((request.method, marker))
    if found is None:
        raise S3Error("MethodNotAllowed", "The specified method is not allowed against this resource.")
    return found


def object_marker(request: Request) -> str:
    names = request.parameters.keys()
    if request.method == "POST" and "uploads" in names:
        return "uploads"
    marker = "uploadId" if "uploadId" in names or (request.method == "PUT" and "partNumber" in names) else ""
    copying = request.method == "PUT" and "x-amz-copy-source" in request.headers
    return " ".join(filter(None, [marker, "copy" if copying else ""]))


def bucket_marker(request: Request) -> str:
    names = request.parameters.keys()
    return next((name for name in ("location", "uploads", "delete", "list-type", "cors") if name in names), "")
