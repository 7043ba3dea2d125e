"""The variables of a bench: those of the tests, but as in production where it matters, and with budgets that a burst does not meet."""

import os

import tests.environment  # noqa: F401 - gives the settings their variables, ports of its own among them

os.environ |= {"DEBUG": "false", "BUDGET_FACTOR": "1000"}
