"""What the demo consists of: which parts are embedded, which are the reader's own, and the variables the site gets.

A variable that is set, in the environment or in .env, replaces the embedded part it names.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sandbox.demo.keys import Keys

BUCKET = "lectern-content"
REGION = "us-east-1"
HOST = "127.0.0.1"
BUDGET_FACTOR = 10
OWN_STRIPE = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE")


@dataclass(frozen=True)
class Parts:
    """`given` are the variables that were set before the demo began; `port` is the site's, the next two are the bucket's and Stripe's."""

    given: dict[str, str]
    keys: Keys
    var: Path
    port: int

    @property
    def bucket_embedded(self) -> bool:
        return not any(name.startswith("S3_") for name in self.given)

    @property
    def stripe_embedded(self) -> bool:
        return not any(name in self.given for name in OWN_STRIPE)

    @property
    def database_embedded(self) -> bool:
        return "DATABASE_URL" not in self.given

    @property
    def mail(self) -> Path | None:
        """The folder that mail is written to; None where it really leaves."""
        return None if "EMAIL_URL" in self.given else self.var / "mail"

    @property
    def site(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def bucket_port(self) -> int:
        return self.port + 1

    @property
    def stripe_port(self) -> int:
        return self.port + 2

    @property
    def ports(self) -> list[int]:
        """The ports that must be free."""
        ports = [self.port]
        if self.bucket_embedded:
            ports.append(self.bucket_port)
        if self.stripe_embedded:
            ports.append(self.stripe_port)
        return ports

    @property
    def fingerprint(self) -> str:
        """Tells one set of parts from another: rows that speak of one bucket and one Stripe make no sense beside others."""
        own = [
            f"{name}={value}"
            for name, value in sorted(self.given.items())
            if name in OWN_STRIPE or name.startswith("S3_")
        ]
        return hashlib.sha256("\n".join(own).encode()).hexdigest()[:8] if own else ""

    @property
    def filled(self) -> Path:
        """The mark that these parts have been filled."""
        database = self.given.get("DATABASE_URL", "")
        told_apart = hashlib.sha256(f"{self.fingerprint} {database}".encode()).hexdigest()[:8]
        return self.var / "demo" / f"filled-{told_apart}"

    def variables(self) -> dict[str, str]:
        """Return everything the site is to find in its environment; what was given wins."""
        return self._site() | self._bucket() | self._stripe() | self.given | {"VAR_DIR": str(self.var)}

    def _site(self) -> dict[str, str]:
        name = f"lectern-{self.fingerprint}.sqlite3" if self.fingerprint else "lectern.sqlite3"
        return {
            "DEBUG": "false",
            "SECRET_KEY": self.keys.site,
            "SITE_URL": self.site,
            "ALLOWED_HOSTS": f"{HOST},localhost",
            "DATABASE_URL": f"sqlite:///{self.var / name}",
            # dj-email-url takes one slash off, so that an absolute path needs four.
            "EMAIL_URL": f"file:///{self.mail}",
            "DEFAULT_FROM_EMAIL": "Lectern <hello@lectern.example>",
            "STAFF_MFA": "optional",
            "DESIGN_PAGE": "true",
            "BUDGET_FACTOR": str(BUDGET_FACTOR),
        }

    def _bucket(self) -> dict[str, str]:
        if not self.bucket_embedded:
            return {}
        pairs = self.keys.bucket.items()
        return {
            "S3_BUCKET": BUCKET,
            "S3_REGION": REGION,
            "S3_ENDPOINT_URL": f"http://{HOST}:{self.bucket_port}",
            "S3_ADDRESSING_STYLE": "path",
            **{f"S3_{role}_KEY_ID": key_id for role, (key_id, _) in pairs},
            **{f"S3_{role}_SECRET": secret for role, (_, secret) in pairs},
        }

    def _stripe(self) -> dict[str, str]:
        if not self.stripe_embedded:
            return {}
        return {
            "STRIPE_SECRET_KEY": self.keys.stripe,
            "STRIPE_WEBHOOK_SECRET": self.keys.webhook,
            "STRIPE_API_BASE": f"http://{HOST}:{self.stripe_port}",
        }
