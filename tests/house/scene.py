"""The repository as the house tests look at it: its tracked files, and its settings started with variables of our choosing."""

import os
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]

# The least that a site needs; everything else has a default.
LEAST = {
    "SECRET_KEY": "house-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
    "SITE_URL": "https://learn.example.com",
    "EMAIL_URL": "submission://user:password@mail.example.com:587",
    "S3_BUCKET": "my-library-content",
    "S3_REGION": "eu-central-1",
    **{
        f"S3_{role}_{half}": f"house-{role}" for role in ("READER", "WRITER", "KEEPER") for half in ("KEY_ID", "SECRET")
    },
    "STRIPE_SECRET_KEY": "rk_live_house_only",
    "STRIPE_WEBHOOK_SECRET": "whsec_house_only_0123456789",
}


def tracked() -> list[Path]:
    """Return the files that git keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """Return a file's text; a picture or a film has none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def start(folder: Path, variables: dict[str, str], *, dotenv: str = "") -> dict[str, Any]:
    """Run the settings file with these variables and nothing else, from a folder with this .env; return what it sets."""
    (folder / "config").mkdir(exist_ok=True)
    shutil.copy(ROOT / "config" / "settings.py", folder / "config")
    (folder / ".env").write_text(dotenv)
    with mock.patch.dict(os.environ, variables, clear=True):
        return runpy.run_path(str(folder / "config" / "settings.py"))
