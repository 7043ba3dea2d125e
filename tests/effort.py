"""How much is tried. `make test` takes a sample of what could be tried for ever; `make test COMPLETE=1`, as CI does, takes more of it."""

import os

COMPLETE = bool(os.environ.get("TESTS_COMPLETE"))


def tries(few: int, many: int) -> int:
    """Return how often to try: `few` in a sample, `many` in a complete run."""
    return many if COMPLETE else few
