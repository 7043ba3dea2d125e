"""The access log that gunicorn writes: it holds no code from a mail."""

import runpy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from gunicorn.config import Config


def logged(path: str) -> str:
    kept: dict[str, Any] = runpy.run_path(str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py"))
    logger = kept["logger_class"](Config())
    answer = SimpleNamespace(status="200 OK", sent=0, headers=[])
    call = {"REQUEST_METHOD": "GET", "RAW_URI": path, "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1"}
    atoms = logger.atoms(answer, SimpleNamespace(headers=[]), call, timedelta())
    return str(kept["access_log_format"] % logger.atoms_wrapper_class(atoms))


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/account/claim/ABCDE-FGHJK/", "/account/claim/.../"),
        ("/account/confirm-email/MQ:1abc:xyz/", "/account/confirm-email/.../"),
        ("/account/password/reset/key/1-abc-def/", "/account/password/reset/key/.../"),
        ("/account/news/stop/7:ABCDE/", "/account/news/stop/.../"),
        ("/preview/ABCDE-FGHJK/courses/tides/", "/preview/.../courses/tides/"),
        ("/lists/ABCDE-fgh_1/0b0c/7/", "/lists/.../0b0c/7/"),
        ("/account/news/stop/ABCDE-FGHJK/", "/account/news/stop/.../"),
        ("/courses/tides/", "/courses/tides/"),
    ],
)
def test_40_reader_of_the_log_finds_no_code(path: str, kept: str) -> None:
    line = logged(path)
    assert f' {kept}"' in line
    assert "ABCDE" not in line
