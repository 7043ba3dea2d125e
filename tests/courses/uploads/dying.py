"""A process that ends by SIGKILL right after the bucket has heard it: python -m tests.courses.uploads.dying <act> <step> <version>"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402 - models can be imported only once Django is set up

from courses import storage, tasks, uploads  # noqa: E402
from courses.models import FileVersion  # noqa: E402


def main(act: str, step: str, version: int) -> None:
    heard = getattr(storage, step)

    def last(*args: Any, **kwargs: Any) -> None:
        heard(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(storage, step, last)
    if act == "finish":
        uploads.finish(FileVersion.objects.get(pk=version), now=timezone.now())
    else:
        tasks.verify.call(version)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
