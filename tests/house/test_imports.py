"""The import contracts exist, are kept, and would be broken by what they forbid. (`make check` runs them, too.)"""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.scene import ROOT

CONTRACTS = {"layers", "mail", "courses", "billing", "stripe", "s3", "entitlements", "sandbox", "vendors"}
# What each contract is there to forbid: a line, and the module it would be written into.
BREAKS = {
    "layers": ("billing/apps.py", "import courses.access"),
    "mail": ("config/mail.py", "import billing.models"),
    "courses": ("courses/access.py", "import courses.views"),
    "billing": ("billing/entitlements.py", "import billing.sync"),
    "stripe": ("courses/offers.py", "import stripe"),
    "s3": ("courses/access.py", "import boto3"),
    "entitlements": ("courses/offers.py", "import billing.entitlements"),
    "sandbox": ("courses/offers.py", "import sandbox.s3"),
    "vendors": ("courses/storage/names.py", "import courses.models"),
}


def configured() -> dict[str, str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in contracts}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, to break."""
    folder = tmp_path_factory.mktemp("house")
    for package in ("config", "accounts", "courses", "billing", "sandbox"):
        shutil.copytree(
            ROOT / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__", "assets", "static", "sources"),
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path, *contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    chosen = [word for one in contract for word in ("--contract", one)]
    return subprocess.run(
        command + chosen, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)}
    )


def test_every_rule_has_its_contract() -> None:
    assert configured().keys() == CONTRACTS == BREAKS.keys()


def test_the_code_keeps_every_contract(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


@pytest.mark.parametrize("contract", BREAKS)
def test_the_contract_breaks_when_its_rule_is_broken(copy: Path, contract: str) -> None:
    name, line = BREAKS[contract]
    module = copy / name
    before = module.read_text()
    module.write_text(before + f"\n{line}\n")
    try:
        done = lint(copy, contract)
    finally:
        module.write_text(before)
    assert done.returncode == 1, done.stdout
    assert "0 kept, 1 broken" in done.stdout
