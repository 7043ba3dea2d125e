"""`manage.py work` in a hurry: the same worker, with seconds where it has minutes. For tests that wait for a lease to run out."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    import django  # noqa: PLC0415 - the settings are read here

    django.setup()
    from config import background, worker  # noqa: PLC0415

    worker.BEAT, worker.LEASE, worker.REAP_EVERY, worker.POLL = 0.3, 2, 0.3, 0.1
    background.PAUSES = (0.1,)
    execute_from_command_line(["manage.py", "work", *sys.argv[1:]])


if __name__ == "__main__":
    main()
