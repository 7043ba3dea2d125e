"""With whose keys a request is signed: a pair from the settings, or a role's temporary ones, which are renewed before they end.

A link signed with temporary keys dies with them, whatever lifetime stands in it. So whoever signs asks how long they still live.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from courses.storage.errors import CredentialsEnding, StorageError

logger = logging.getLogger(__name__)
# Clocks differ, and a request is on its way for a while: this much of the keys' life is promised to nobody.
MARGIN = timedelta(seconds=60)
# From here on one thread renews them while the others go on with the old; in the end all wait for the new.
EARLY, URGENT = timedelta(minutes=15), timedelta(minutes=2)
PAUSE = timedelta(seconds=10)
SESSION = "lectern"


@dataclass(frozen=True)
class Held:
    """Keys to sign with, and the moment they end; None for those that do not end by themselves."""

    keys: Credentials
    expires_at: datetime | None = None

    def lifetime(self, asked: int, *, shortest: int, now: datetime) -> int:
        """Return how many seconds a link may live: `asked`, or what the keys have left. Raises CredentialsEnding under `shortest`."""
        if self.expires_at is None:
            return asked
        left = int((self.expires_at - MARGIN - now).total_seconds())
        if left < shortest:
            raise CredentialsEnding
        return min(asked, left)


class Role:
    """One role's temporary keys, shared by all threads."""

    def __init__(self, arn: str, region: str) -> None:
        self.arn, self.region = arn, region
        self.lock = threading.Lock()
        self.held: Held | None = None
        self.asked_at = datetime.min.replace(tzinfo=UTC)

    def current(self, *, now: datetime) -> Held:
        """Return keys that live, renewed where their end is near. Raises StorageError where there are none."""
        left = self.left(now)
        if left <= EARLY and self.lock.acquire(blocking=left <= URGENT):
            try:
                self.renew(now=now)
            finally:
                self.lock.release()
        if self.held is None or self.left(now) <= timedelta(0):
            raise CredentialsEnding
        return self.held

    def left(self, now: datetime) -> timedelta:
        return self.held.expires_at - now if self.held and self.held.expires_at else timedelta(0)

    def renew(self, *, now: datetime) -> None:
        """Ask for new keys, unless another thread just has: while nobody gives any, the old ones serve to their end."""
        if self.left(now) > EARLY or now - self.asked_at < PAUSE:
            return
        self.asked_at = now
        try:
            self.held = self.fetch()
        except (BotoCoreError, ClientError) as error:
            code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
            logger.warning("the bucket's keys cannot be renewed: %s", code or type(error).__name__)

    def fetch(self) -> Held:
        # The machine's own identity, which may do nothing but this, is found by botocore: an instance's, a task's, a pod's.
        quick = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
        address = f"https://sts.{self.region}.amazonaws.com"
        sts = boto3.session.Session().client("sts", region_name=self.region, endpoint_url=address, config=quick)
        given = sts.assume_role(RoleArn=self.arn, RoleSessionName=SESSION)["Credentials"]
        keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return Held(keys, given["Expiration"])


@lru_cache(maxsize=16)
def role(arn: str, region: str) -> Role:
    return Role(arn, region)


def credentials_of(identity: str) -> Held:
    """Return the keys of reader, writer or keeper, or the owner's where they are given. Raises StorageError where there are none."""
    if identity == "owner" and settings.S3_OWNER:
        key_id, secret, token = settings.S3_OWNER
        return Held(Credentials(key_id, secret, token or None))
    if arn := settings.S3_ROLES.get(identity):
        return role(arn, settings.S3_REGION).current(now=datetime.now(UTC))
    if identity not in settings.S3_IDENTITIES:
        raise StorageError("NoSuchIdentity")
    return Held(Credentials(*settings.S3_IDENTITIES[identity]))
