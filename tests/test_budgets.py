"""The budgets are measured, not believed: each measure can find what it looks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import budgets


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(budgets, "ROOT", tmp_path)
    (tmp_path / "workloads").mkdir()
    return tmp_path / "workloads"


def write(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_a_function_is_measured_without_its_docstring(tree: Path) -> None:
    file = write(tree / "a.py", 'def f():\n    """One.\n\n    Two."""\n    x = 1\n    return x\n')
    assert [size.lines for size in budgets.function_sizes(file)] == [3]


def test_two_modules_that_import_each_other_are_found(tree: Path) -> None:
    files = [write(tree / "a.py", "from workloads import b\n"), write(tree / "b.py", "from workloads.a import thing\n")]
    assert budgets.two_way_imports(files) == {("workloads.a", "workloads.b")}


def test_one_way_imports_and_those_for_types_only_are_fine(tree: Path) -> None:
    late = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from workloads.a import thing\n"
    files = [write(tree / "a.py", "import workloads.b\n"), write(tree / "b.py", late)]
    assert budgets.two_way_imports(files) == set()


def test_a_package_and_its_part_that_import_each_other_are_found(tree: Path) -> None:
    files = [write(tree / "__init__.py", "from workloads.a import x\n"), write(tree / "a.py", "from workloads import y\n")]
    assert budgets.two_way_imports(files) == {("workloads", "workloads.a")}


def test_what_is_over_is_named() -> None:
    over = budgets._most("file, most lines", [budgets.Size("long.py", 501), budgets.Size("short.py", 5)], 500)
    assert not over.kept
    assert over.worst == "long.py (501)"
