"""What Django itself can check: migrations are complete, and a real site's settings are clean."""

import os
import subprocess
import sys

from tests.house.scene import LEAST, ROOT


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=kept | LEAST | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_migrations_say_what_the_models_say() -> None:
    done = manage("makemigrations", "--check", "--dry-run", DATABASE_URL="sqlite:///:memory:")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_real_site_is_clean_under_check_deploy() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", DATABASE_URL="sqlite:///:memory:")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


def test_check_deploy_would_speak_up() -> None:
    done = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        DATABASE_URL="sqlite:///:memory:",
        SITE_URL="http://learn.example.com",
    )
    assert done.returncode == 1
    assert "security.W" in done.stderr


def test_a_missing_variable_is_one_sentence_and_no_traceback() -> None:
    done = manage("check", S3_BUCKET="")
    assert done.returncode == 1
    assert done.stderr.strip() == "S3_BUCKET is missing. Example: S3_BUCKET=my-library-content"
