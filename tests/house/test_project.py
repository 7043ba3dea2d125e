"""What Django itself can check: migrations are complete, and a real site's settings are clean."""

import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from tests.house.scene import LEAST, ROOT, start

KEPT = {"DATABASES"}  # The test's own stays.


def check_deploy(folder: Path, **variables: str) -> str:
    """Return what `check --deploy` says of a site with these variables. Raises SystemCheckError where it would not pass.

    What differs from the settings under test is put in their place, in this process; `make check` runs the command in one of its own.
    """
    found = start(folder, LEAST | variables)
    other = {
        name: value
        for name, value in found.items()
        if name.isupper() and name not in KEPT and value != getattr(settings, name, None)
    }
    assert "SECURE_SSL_REDIRECT" in other or not found["SECURE"]
    said = io.StringIO()
    with override_settings(**other), mock.patch.dict(os.environ):
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # Playwright's, and no site's.
        call_command("check", deploy=True, fail_level="WARNING", stdout=said, stderr=said)
    return said.getvalue()


@pytest.mark.once
@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    said = io.StringIO()
    call_command("makemigrations", check_changes=True, dry_run=True, stdout=said, stderr=said)
    assert "No changes detected" in said.getvalue()


def test_a_real_site_is_clean_under_check_deploy(tmp_path: Path) -> None:
    assert "no issues" in check_deploy(tmp_path)


def test_check_deploy_would_speak_up(tmp_path: Path) -> None:
    with pytest.raises(SystemCheckError, match=r"security\.W"):
        check_deploy(tmp_path, SITE_URL="http://learn.example.com")


def test_a_missing_variable_is_one_sentence_and_no_traceback() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=kept | LEAST | {"S3_BUCKET": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "S3_BUCKET is missing. Example: S3_BUCKET=my-library-content"
