"""The only room that imports an S3 library. It signs offline, and speaks S3; it knows no models.

Three identities, never each other's work: the reader signs GETs, HEADs and reads first bytes; the writer starts, signs, completes and
aborts uploads; the keeper deletes, lists and copies. Every vendor error leaves here as StorageError.
"""

from courses.storage.bucket import (
    ObjectHead,
    Part,
    Stored,
    abort_multipart,
    complete_multipart,
    create_checked_multipart,
    create_multipart,
    delete_object,
    head,
    list_begun,
    list_keys,
    list_objects,
    list_parts,
    list_uploads,
    look,
    read_all,
    read_range,
)
from courses.storage.errors import HIDDEN, CredentialsEnding, NotThere, StorageError
from courses.storage.names import content_disposition, download_name
from courses.storage.signing import SignedURL, part_headers, sign_get, sign_part

__all__ = [
    "HIDDEN",
    "CredentialsEnding",
    "NotThere",
    "ObjectHead",
    "Part",
    "SignedURL",
    "StorageError",
    "Stored",
    "abort_multipart",
    "complete_multipart",
    "content_disposition",
    "create_checked_multipart",
    "create_multipart",
    "delete_object",
    "download_name",
    "head",
    "list_begun",
    "list_keys",
    "list_objects",
    "list_parts",
    "list_uploads",
    "look",
    "part_headers",
    "read_all",
    "read_range",
    "sign_get",
    "sign_part",
]
