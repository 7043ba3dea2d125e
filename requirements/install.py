"""Make .venv and install a lock into it; do nothing when that lock is installed already. Only the standard library is needed.

    python3 requirements/install.py base|dev

Written so that an old Python, too, can read it and say what is missing.
"""

import hashlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(os.path.dirname(HERE), ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed.json")
# The lock for developers holds every pin of the base lock as well.
HOLDS = {"base": ["base"], "dev": ["base", "dev"]}


def main(wanted):
    if sys.version_info < (3, 11):
        stop(
            "Lectern needs Python 3.11 or newer, and this is %d.%d. Try: make PYTHON=python3.12 …"
            % sys.version_info[:2]
        )
    if installed().get(wanted) == digest(wanted) and works(PYTHON):
        return
    if not works(PYTHON):
        make_venv()
    say("Installing requirements/%s.txt into .venv …" % wanted)
    # Modules are compiled when they are first imported; compiling all of them now would take longer.
    pip = [PYTHON, "-m", "pip", "install", "-qq", "--no-compile", "--no-input", "--disable-pip-version-check"]
    if subprocess.call(pip + ["--require-hashes", "--requirement", lock(wanted)]):
        stop("pip could not install requirements/%s.txt; what it said stands above." % wanted)
    remember(dict(installed(), **{name: digest(name) for name in HOLDS[wanted]}))


def make_venv():
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships Python without it
        import venv  # noqa: F401, PLC0415
    except ImportError:
        stop(
            "Python's venv is missing. Debian and Ubuntu: apt install python3-venv; others ship it with Python 3.11 or newer."
        )
    say("Making .venv with Python %d.%d …" % sys.version_info[:2])
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
        stop("The virtual environment could not be made. Debian and Ubuntu: apt install python3-venv.")


def works(python):
    """Whether this interpreter is there and starts: a .venv that was moved, or whose Python is gone, is made anew."""
    if not os.path.exists(python):
        return False
    return subprocess.call([python, "-c", "import pip"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def installed():
    try:
        with open(STAMP) as stamp:
            return json.load(stamp)
    except (OSError, ValueError):
        return {}


def remember(stamp):
    with open(STAMP, "w") as file:
        json.dump(stamp, file)


def lock(name):
    return os.path.join(HERE, name + ".txt")


def digest(name):
    with open(lock(name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def say(sentence):
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def stop(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
