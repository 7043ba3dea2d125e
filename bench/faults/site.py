"""The site as gunicorn serves it in a fault run: config.wsgi, with a plan of failpoints, or with a promise taken out, from outside.

FAULT_PLAN and FAULT_FOLDER hold the plan and where its counts are kept. FAULT_WITHOUT=tickets takes out the check that keeps a late
answer from overwriting a later one: a run that still passes then shows nothing.
"""

import os
from pathlib import Path

from config.wsgi import application  # isort: skip - sets Django up, before anything imports a model

from bench.faults import failpoints
from billing.models import Customer

__all__ = ["application"]

if os.environ.get("FAULT_WITHOUT") == "tickets":
    Customer.has_applied = lambda self, ticket: False  # type: ignore[method-assign]
if plan := os.environ.get("FAULT_PLAN"):
    failpoints.arm(plan, Path(os.environ["FAULT_FOLDER"]))
