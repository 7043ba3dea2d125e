"""Tasks to run in tests. They leave their traces in a file, which a killed process cannot take back, or in the database."""

import os
import time
from pathlib import Path

from django.contrib.auth.models import Group

from config import background


@background.task(tries=3)
def greet(name: str) -> None:
    """A person's group is created: something one sees in the database."""
    Group.objects.create(name=name)


@background.task(tries=3, title="Break a cup")
def break_cup(number: int) -> None:
    raise ValueError(f"cup {number} of sam@example.com fell")


@background.task()
def trace(path: str, word: str, *, seconds: float = 0) -> None:
    """Write `word` and this process's id down, wait, and write that it is done."""
    with Path(path).open("a") as file:
        file.write(f"begin {word} {os.getpid()}\n")
    time.sleep(seconds)
    with Path(path).open("a") as file:
        file.write(f"end {word} {os.getpid()}\n")


@background.task()
def leave() -> None:
    raise SystemExit(3)


@background.task()
def read(path: str) -> None:
    Path(path).read_text()


@background.task()
def stumble(path: str) -> None:
    """Hang for a minute the first time, and do it the second."""
    file = Path(path)
    begun = file.exists()
    with file.open("a") as open_file:
        open_file.write("end\n" if begun else "begin\n")
    if not begun:
        time.sleep(60)
