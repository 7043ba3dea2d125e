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
from courses.storage.logs import log_lines, log_objects
from courses.storage.moving import (
    ONE_COPY,
    begin_copy,
    copied_parts,
    copy_object,
    copy_parts,
    delete_for_good,
    end_copy,
)
from courses.storage.names import content_disposition, download_name
from courses.storage.rotation import refusal_of
from courses.storage.signed import SignedParts, read_signed
from courses.storage.signing import SignedURL, part_headers, sign_get, sign_part, signer

__all__ = [
    "HIDDEN",
    "ONE_COPY",
    "CredentialsEnding",
    "NotThere",
    "ObjectHead",
    "Part",
    "SignedParts",
    "SignedURL",
    "StorageError",
    "Stored",
    "abort_multipart",
    "begin_copy",
    "complete_multipart",
    "content_disposition",
    "copied_parts",
    "copy_object",
    "copy_parts",
    "create_checked_multipart",
    "create_multipart",
    "delete_for_good",
    "delete_object",
    "download_name",
    "end_copy",
    "head",
    "list_begun",
    "list_keys",
    "list_objects",
    "list_parts",
    "list_uploads",
    "log_lines",
    "log_objects",
    "look",
    "part_headers",
    "read_all",
    "read_range",
    "read_signed",
    "refusal_of",
    "sign_get",
    "sign_part",
    "signer",
]
