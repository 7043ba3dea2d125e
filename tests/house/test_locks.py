"""The locks hold a hash for every file, name no host, agree with each other and with pyproject.toml."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.scene import ROOT

# One below each of these has a defect that would be ours: Django 5.2.8 refuses redirects over 2,048 characters.
FLOORS = {"django": "5.2.9", "stripe": "16.1", "boto3": "1.44", "django-allauth": "65.21.1"}


def pins(name: str) -> dict[str, str]:
    """Return package -> version of a lock."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {
        canonicalize_name(one): version
        for one, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_pin_carries_hashes_and_no_line_names_a_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(blocks) > 30
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert [block.splitlines()[0] for block in blocks if "==" not in block.splitlines()[0]] == []
    assert "://" not in text
    assert "index" not in text.replace("importlib-index", "")


def test_the_developers_lock_holds_every_pin_of_the_base_lock() -> None:
    base, dev = pins("base"), pins("dev")
    assert {name: version for name, version in base.items() if dev.get(name) != version} == {}
    assert len(dev) > len(base)


@pytest.mark.parametrize(("lock", "extra"), [("base", None), ("dev", "dev")])
def test_the_locks_hold_what_pyproject_asks_for(lock: str, extra: str | None) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    locked = pins(lock)
    for requirement in map(Requirement, wanted):
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_no_version_is_below_its_floor(name: str, floor: str) -> None:
    assert Version(pins("base")[name]) >= Version(floor)


def test_the_demo_installs_no_developers_tools() -> None:
    assert not {"pytest", "mypy", "ruff", "moto", "playwright"} & pins("base").keys()
