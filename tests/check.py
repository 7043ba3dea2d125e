"""What `make check` runs: every check, each with its time; all of them, even when one fails.

python -m tests.check [name …]
"""

import os
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]
# As on a real site, so that `check --deploy` looks at what would go live. None of these secrets opens anything.
LIVE = {
    "SECRET_KEY": "check-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "SITE_URL": "https://learn.example.com",
    "DATABASE_URL": "sqlite:///:memory:",
    "EMAIL_URL": "submission://user:password@mail.example.com:587",
    "TRUSTED_PROXIES": "1",
    "S3_BUCKET": "my-library-content",
    "S3_REGION": "eu-central-1",
    **{
        f"S3_{role}_{half}": f"check-only-{role}"
        for role in ("READER", "WRITER", "KEEPER")
        for half in ("KEY_ID", "SECRET")
    },
    "STRIPE_SECRET_KEY": "sk_live_check_only",
    "STRIPE_WEBHOOK_SECRET": "whsec_check_only_0123456789",
}
CHECKS: dict[str, list[str | Path]] = {
    "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "lint": [BIN / "ruff", "check", "--quiet", "."],
    "types": [BIN / "mypy"],
    "templates": [BIN / "djlint", "--lint", "--quiet", "templates"],
    "imports": [BIN / "lint-imports", "--no-logo"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "deploy": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
}


def main(wanted: list[str]) -> int:
    failed = []
    for name in wanted or CHECKS:
        started = time.monotonic()
        done = subprocess.run(CHECKS[name], env=os.environ | LIVE, capture_output=True, text=True, check=False)
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
        if done.returncode:
            failed.append(name)
            print((done.stdout + done.stderr).strip(), flush=True)
    print(f"Failed: {', '.join(failed)}." if failed else "Every check is green.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
