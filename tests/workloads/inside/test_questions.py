"""The questions can be put by any interpreter an application may need."""

import ast
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "workloads" / "inside"
QUESTIONS = sorted(FOLDER.glob("*.py"))
OURS = {"workloads", "controlplane", "agents", "knowledge"}


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.name)
def test_it_is_written_in_python_3_6(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.name)
def test_it_needs_the_standard_library_and_django_only(path: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.split(".")[0] for node in imports for name in _names(node)}
    assert names <= sys.stdlib_module_names | {"django"}
    assert not names & OURS


@pytest.mark.parametrize("path", [path for path in QUESTIONS if path.stem not in {"ask", "__init__"}], ids=lambda path: path.name)
def test_django_is_imported_only_once_it_is_set_up(path: Path) -> None:
    tree = ast.parse(path.read_text())
    at_import = [name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) for name in _names(node)]
    assert not [name for name in at_import if name.startswith("django")]
    names = {
        target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)
    }
    assert "NEEDS" in names


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
