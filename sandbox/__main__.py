"""`python -m sandbox`: the whole demo in the foreground. `make demo` calls it."""

import argparse
import sys
from pathlib import Path

from sandbox.demo.run import run

LAST_PORT = 65535 - 2


def port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"a port lies between 1 and {LAST_PORT}, and this is {text!r}")
    return number


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=port, default=8000, help="the site's; the bucket and Stripe take the next two")
    parser.add_argument("--var", type=Path, help="the folder that keeps everything; VAR_DIR, or var")
    parser.add_argument(
        "--reset", action="store_true", help="throw away what earlier demos have left there, then start"
    )
    chosen = parser.parse_args(arguments)
    return run(var=chosen.var, port=chosen.port, reset=chosen.reset)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
