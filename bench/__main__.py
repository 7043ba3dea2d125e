"""Start a real PostgreSQL, and measure in a process whose settings name it: `make bench`, or `python -m bench click` for a part."""

import os
import subprocess
import sys

from tests.postgres import postgres


def main() -> int:
    with postgres() as url:
        variables = os.environ | {"DATABASE_URL": url}
        return subprocess.run([sys.executable, "-m", "bench.run", *sys.argv[1:]], env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
