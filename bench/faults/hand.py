"""The worker as `manage.py work` runs it, with a plan of failpoints. FAULT_LEASE is how long a notice is its own, in seconds."""

import os
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from bench.faults import failpoints  # noqa: E402 - models need Django
from billing import sending  # noqa: E402
from config.worker import Worker  # noqa: E402

if __name__ == "__main__":
    sending.LEASE = timedelta(seconds=float(os.environ.get("FAULT_LEASE", "300")))
    failpoints.arm(os.environ.get("FAULT_PLAN", ""), Path(os.environ["FAULT_FOLDER"]))
    Worker().run()
