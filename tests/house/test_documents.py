"""The pages that list things list exactly what is there."""

import ast
import re
from pathlib import Path

import pytest
from environs import Env

from tests.house.scene import LEAST, ROOT, start

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
ROLES = ("READER", "WRITER", "KEEPER")


def variables_read() -> set[str]:
    """Return every variable the settings ask for: the names handed to `env.…(name)` and `read(env.…, name)`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / "config" / "settings.py").read_text())):
        if not isinstance(node, ast.Call):
            continue
        asked = (
            [*node.args[:1]]
            if is_reader(node.func)
            else [*node.args[1:2]]
            if node.args and is_reader(node.args[0])
            else []
        )
        for name in asked:
            if isinstance(name, ast.Constant):
                found.add(str(name.value))
            elif isinstance(name, ast.JoinedStr):
                pattern = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in name.values)  # type: ignore[misc]
                found |= {pattern.format(role) for role in ROLES}
    return found


def is_reader(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "env"
        and node.attr != "read_env"
        and hasattr(Env, node.attr)
    )


def listed_in(path: Path, pattern: str) -> list[str]:
    return [
        name
        for line in path.read_text().splitlines()
        if (row := re.match(pattern, line))
        for name in VARIABLE.findall(row[0])
    ]


def test_configuration_lists_exactly_what_the_settings_read() -> None:
    listed = listed_in(ROOT / "docs" / "configuration.md", r"\| `[^|]*\|")
    assert len(listed) == len(set(listed))
    assert set(listed) == variables_read()
    assert len(listed) > 30


def test_the_example_file_lists_exactly_what_the_settings_read() -> None:
    listed = listed_in(ROOT / ".env.example", r"[A-Z0-9_]+(?==)")
    assert len(listed) == len(set(listed))
    assert set(listed) == variables_read()


def test_the_example_file_starts_a_site(tmp_path: Path) -> None:
    found = start(tmp_path, {}, dotenv=(ROOT / ".env.example").read_text())
    assert found["SITE_URL"] == LEAST["SITE_URL"]
    assert found["DEFAULT_FROM_EMAIL"] == "The library <hello@learn.example.com>"


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for app in ("config", "accounts", "billing", "courses")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    }
    assert readers == {
        "config/env.py",
        "config/wsgi.py",
    }  # The settings' readers; wsgi names the settings module, as Django's own does.


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda path: path.name
)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", page.read_text()) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_every_command_the_pages_name_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    named = {
        name
        for page in pages
        for name in re.findall(r"\bmake ((?:demo|test|check|bench|help|lock|format|clean)[a-z-]*)", page.read_text())
    }
    assert named >= {"demo", "demo-reset", "test", "check"}
    assert named <= targets
