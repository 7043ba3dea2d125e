"""`manage.py work` with the site's own duties alone, and with --hurried in seconds where it has minutes.

The apps' duties would ask a Stripe and a mail server that these tests do not start.
"""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main(arguments: list[str]) -> None:
    import django  # noqa: PLC0415 - the settings are read here

    django.setup()
    from config import background, worker  # noqa: PLC0415

    theirs = [path for path, habit in background.habits.items() if habit.every and not path.startswith("config.")]
    for path in theirs:
        del background.habits[path]
    if "--hurried" in arguments:
        arguments.remove("--hurried")
        worker.BEAT, worker.LEASE, worker.REAP_EVERY, worker.POLL = 0.3, 2, 0.3, 0.1
        background.PAUSES = (0.1,)
    execute_from_command_line(["manage.py", "work", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
