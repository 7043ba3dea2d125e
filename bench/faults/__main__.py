"""Break things on purpose, and count: `python -m bench.faults [name …]`, all of them without a name; `--list` says what there is.

Starts a PostgreSQL of its own, and the runs in a process whose settings name it. Ends with status 1 if anything went wrong.
"""

import os
import subprocess
import sys

from tests.postgres import postgres


def main() -> int:
    with postgres() as url:
        variables = os.environ | {"DATABASE_URL": url}
        command = [sys.executable, "-m", "bench.faults.run", *sys.argv[1:]]
        return subprocess.run(command, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
