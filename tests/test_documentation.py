"""The documentation stays true where a machine can tell: settings, links, folders, commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("controlplane", "agents", "workloads", "knowledge")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "deploy/sample/README.md", *sorted((ROOT / "knowledge/corpus/timonel").rglob("*.md"))]
READERS = {"text", "flag", "number", "words"}
# Given to children and set by `up` itself; nobody sets them from outside.
NOT_FOR_PEOPLE = {"TIMONEL_ADMIN_PASSWORD_FILE"}


def settings_read() -> Iterator[str]:
    """Every setting that Timonel's own code reads: through settings.env, or by its name from the environment."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    of_env = isinstance(node.func.value, ast.Name) and node.func.value.id == "env" and node.func.attr in READERS
                    first = node.args[0]
                    if of_env and isinstance(first, ast.Constant):
                        yield str(first.value)
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and re.fullmatch(r"TIMONEL_[A-Z_]+[A-Z]", node.value)
                ):
                    yield node.value


def settings_of_compose() -> set[str]:
    return set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


def settings_told() -> set[str]:
    section = README.split("## Settings")[1].split("\n## ")[0]
    return set(re.findall(r"`((?:TIMONEL|DJANGO)_[A-Z_]+|[A-Z]+_URL)`", section))


def test_every_setting_is_in_the_readme() -> None:
    found = set(settings_read()) | settings_of_compose()
    assert {"DATABASE_URL", "TIMONEL_DATA", "TIMONEL_HSTS_SECONDS"} <= found  # the search itself works
    assert found - settings_told() - NOT_FOR_PEOPLE == set()


def test_the_readme_tells_of_no_setting_that_is_gone() -> None:
    ours = {
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"TIMONEL_TEST_[A-Z_]+", path.read_text("utf-8"))
    }
    assert settings_told() - set(settings_read()) - settings_of_compose() - ours - {"DJANGO_SETTINGS_MODULE"} == set()


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(place), f"{target}: no such heading"


def test_every_room_of_the_readme_is_there() -> None:
    section = README.split("## The rooms")[1].split("\n## ")[0]
    named = [name for row in re.findall(r"^\|([^|]+)\|", section, re.M) for name in re.findall(r"`([\w/]+)/`", row)]
    assert len(named) >= 8
    assert [name for name in named if not (ROOT / name).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_told_of_exists(page: Path) -> None:
    told = re.findall(r"(?:`|^ {4}|python )manage\.py ([a-z_-]+)\b|^timonel ([a-z_-]+)", page.read_text(encoding="utf-8"), re.M)
    known = set(get_commands())
    if "sample" in page.parts:
        known |= {"open_harbour"}
    assert {name for pair in told for name in pair if name} - known == set()


def test_every_make_target_told_of_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in PAGES:
        assert set(re.findall(r"\bmake ([a-z]+)\b(?= *(?:`|ARGS|$))", page.read_text(encoding="utf-8"), re.M)) <= targets
