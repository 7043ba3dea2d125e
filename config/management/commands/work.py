"""Run the tasks of the background: `manage.py work`, beside the site and for as long as it."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.worker import Worker


class Command(BaseCommand):
    help = (
        "Run background tasks and periodic duties until told to stop (SIGTERM or Ctrl-C: the running task is finished)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until-empty", action="store_true", help="run what is due now, then end: for cron")

    def handle(self, *args: Any, until_empty: bool, **options: Any) -> None:
        worker = Worker()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, worker.stop)
        if until_empty:
            with worker.pulse():
                self.stdout.write(f"Tasks run: {worker.drain()}.")
        else:
            worker.run()
