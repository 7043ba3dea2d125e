"""The site as gunicorn serves it in a fault run: config.wsgi, with a plan of failpoints, or with a promise taken out, from outside.

FAULT_PLAN and FAULT_FOLDER hold the plan and where its counts are kept. FAULT_WITHOUT=tickets takes out the check that keeps a late
answer from overwriting a later one: a run that still passes then shows nothing.
"""

import os
import signal
import threading
import time
from pathlib import Path

from django.conf import settings

# No static files are collected for a run, and pages must not fail for want of their list.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

from config.wsgi import application  # noqa: E402 isort: skip - sets Django up, before anything imports a model

from bench.faults import failpoints  # noqa: E402
from billing.models import Customer  # noqa: E402

__all__ = ["application"]

if os.environ.get("FAULT_WITHOUT") == "tickets":
    Customer.has_applied = lambda self, ticket: False  # type: ignore[method-assign]
if plan := os.environ.get("FAULT_PLAN"):
    failpoints.arm(plan, Path(os.environ["FAULT_FOLDER"]))


def follow(owner: int) -> None:
    """End the whole session of this server when the program that started it is no more, however that ended."""
    while Path(f"/proc/{owner}").exists():
        time.sleep(1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


threading.Thread(target=follow, args=(int(os.environ["FAULT_OWNER"]),), daemon=True).start()
