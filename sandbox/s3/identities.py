"""Who may do what: the same three narrow signers the site has on AWS, and the bucket's owner for tests."""

from dataclasses import dataclass, field

from .errors import access_denied

CONTENT = "content/"

# One entry a policy: the actions on objects under content/, then those on the bucket itself.
OBJECT_ACTIONS: dict[str, frozenset[str]] = {
    "reader": frozenset({"s3:GetObject"}),
    "writer": frozenset({"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}),
    "keeper": frozenset(
        f"s3:{what}"
        for what in ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts")
    ),
}
# What the doctor looks at, with the keeper's key.
LOOKS = frozenset(
    f"s3:Get{what}"
    for what in (
        "BucketCORS",
        "BucketLocation",
        "BucketLogging",
        "BucketOwnershipControls",
        "BucketPolicyStatus",
        "BucketPublicAccessBlock",
        "BucketVersioning",
        "LifecycleConfiguration",
    )
)
BUCKET_ACTIONS: dict[str, frozenset[str]] = {
    "reader": frozenset(),
    "writer": frozenset(),
    "keeper": frozenset({"s3:ListBucket", "s3:ListBucketMultipartUploads", *LOOKS}),
}
OWNER = "owner"


@dataclass(frozen=True)
class Identity:
    """An access key. `name` picks the policy: reader, writer, keeper, or owner (everything)."""

    name: str
    key_id: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.name not in {*OBJECT_ACTIONS, OWNER}:
            raise ValueError(f"no policy is called {self.name!r}: use reader, writer, keeper or owner")
        if not self.key_id or not self.secret:
            raise ValueError(f"the {self.name} needs an access key id and a secret")

    def may(self, action: str, key: str | None = None) -> bool:
        """Whether the policy allows `action`, on `key` or on the bucket where there is none."""
        if self.name == OWNER:
            return True
        if key is None:
            return action in BUCKET_ACTIONS[self.name]
        return action in OBJECT_ACTIONS[self.name] and key.startswith(CONTENT)

    def require(self, action: str, key: str | None = None) -> None:
        """Raise AccessDenied unless the policy allows it."""
        if not self.may(action, key):
            raise access_denied(f"User: {self.name} is not authorized to perform: {action}")
