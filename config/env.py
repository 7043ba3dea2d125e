"""Tiny readers for the settings file: each fails loudly, naming the variable, what is wrong and an example."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

T = TypeVar("T")


def gather(file: Path) -> None:
    """Add what this .env file says to the environment, which wins. A variable set to nothing, in either, counts as unset."""
    for name in [name for name, value in os.environ.items() if value == ""]:
        del os.environ[name]
    for name, value in dotenv_values(file).items():
        if value:
            os.environ.setdefault(name, value)


def refuse(name: str, problem: str, example: str) -> ImproperlyConfigured:
    """Return the error that stops the start; raise it where it is found."""
    return ImproperlyConfigured(f"{name} {problem}. Example: {name}={example}")


def needed(name: str, value: T | None, example: str) -> T:
    if value is None or value == "":
        raise refuse(name, "is missing", example)
    return value


def read(reader: Callable[..., T], name: str, example: str, **options: object) -> T:
    """Read one variable with an environs reader; a value it cannot take is named in the error."""
    try:
        return reader(name, **options)
    except Exception as error:
        raise refuse(name, f"cannot be used ({error})", example) from error


def between(name: str, value: int, *, low: int, high: int) -> int:
    if not low <= value <= high:
        raise refuse(name, f"must lie between {low} and {high}, and is {value}", str(low))
    return value


def one_of(name: str, value: str, *choices: str) -> str:
    if value not in choices:
        raise refuse(name, f"must be one of {', '.join(choices)}, and is {value!r}", choices[0])
    return value


def address(name: str, value: str, example: str) -> str:
    """Return a bare e-mail address, or nothing where nothing is given."""
    if value and not re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+", value):
        raise refuse(name, f"must be one bare address, and is {value!r}", example)
    return value


def role_arn(name: str, value: str) -> str:
    """Return the ARN of a role, or nothing where nothing is given."""
    if value and not re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+", value):
        raise refuse(
            name, f"must be the ARN of a role, and is {value!r}", "arn:aws:iam::123456789012:role/lectern-reader"
        )
    return value


def origin(name: str, value: str, example: str) -> str:
    """Return `value` as scheme://host[:port] without a trailing slash, or refuse it."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise refuse(name, f"must be an address such as {example}, and is {value!r}", example)
    return f"{parts.scheme}://{parts.netloc}"
