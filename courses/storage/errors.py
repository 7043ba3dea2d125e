"""What can go wrong between us and the bucket, in our words."""


class StorageError(Exception):
    """The bucket refused, or could not be reached. `code` is S3's error code, or the name of the network error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotThere(StorageError):
    """The object or the upload is not in the bucket."""


class CredentialsEnding(StorageError):
    """Temporary keys are about to end and no new ones came: whatever were signed now would be dead on arrival."""

    def __init__(self) -> None:
        super().__init__("CredentialsEnding")


# What a reader, who may not list the bucket, is answered about an object that is not there.
HIDDEN = {"403", "404"}
