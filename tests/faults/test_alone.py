"""The short forms of the runs that need a PostgreSQL of their own, because they crash it, cut it off or drop it."""

import os
import subprocess
import sys

import pytest

from bench.faults import upgrade
from tests.effort import COMPLETE
from tests.house.scene import ROOT


@pytest.mark.skipif(not COMPLETE, reason="minutes; make test COMPLETE=1 runs it")
@pytest.mark.parametrize("run", ["restarts", "storage", "recovery", "upgrade"])
def test_site_comes_through_the_short_form_of(run: str) -> None:
    if run == "upgrade":
        try:
            upgrade.previous()
        except RuntimeError as missing:
            pytest.skip(f"no older version in this clone to upgrade from: {missing}")
    command = [sys.executable, "-m", "bench.faults", run, "--short"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
