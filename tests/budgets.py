"""The budgets of STYLE.md, measured and printed: sizes of files and functions, two-way imports. `make check` runs it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("controlplane", "agents", "workloads", "knowledge")
FILE_MEDIAN, FILE_MOST = 100, 500
FUNCTION_MEDIAN, FUNCTION_MOST = 10, 50
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Size:
    """How long something is, in lines."""

    place: str
    lines: int


@dataclass(frozen=True, slots=True)
class Budget:
    """One line of the report."""

    name: str
    measured: float
    allowed: float
    worst: str

    @property
    def kept(self) -> bool:
        """Whether it is within."""
        return self.measured <= self.allowed


def sources() -> list[Path]:
    """Our Python files as Git knows them, new ones included, without migrations and the sample application."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [
        ROOT / name
        for name in names
        if name.startswith((*ROOMS, "tests")) and "/migrations/" not in name and (ROOT / name).exists()
    ]


def function_sizes(path: Path) -> list[Size]:
    """The functions of a file, without their docstrings."""
    place = path.relative_to(ROOT)
    return [
        Size(f"{place}:{node.lineno} {node.name}", _lines(node))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, Function)
    ]


def two_way_imports(paths: list[Path]) -> set[tuple[str, str]]:
    """Pairs of modules that import each other at their top."""
    modules = {_module(path): path for path in paths}
    imports: dict[str, set[str]] = defaultdict(set)
    for name, path in modules.items():
        imports[name] = _imported(path, set(modules)) - {name}
    return {(one, other) for one in imports for other in imports[one] if one < other and one in imports[other]}


def report() -> list[Budget]:
    """Every budget, measured."""
    paths = sources()
    files = [Size(str(path.relative_to(ROOT)), len(path.read_text().splitlines())) for path in paths]
    written = [size for size in files if size.lines > 3]  # a sign on a door is no file to read
    functions = [size for path in paths for size in function_sizes(path)]
    pairs = two_way_imports(paths)
    return [
        Budget("file, median lines", median(size.lines for size in written), FILE_MEDIAN, ""),
        _most("file, most lines", files, FILE_MOST),
        Budget("function, median lines", median(size.lines for size in functions), FUNCTION_MEDIAN, ""),
        _most("function, most lines", functions, FUNCTION_MOST),
        Budget("two-way imports", len(pairs), 0, ", ".join(" <-> ".join(pair) for pair in sorted(pairs))),
    ]


def main() -> int:
    """Print the report; return 1 when a budget is exceeded."""
    budgets = report()
    for budget in budgets:
        print(f"{'ok  ' if budget.kept else 'OVER'} {budget.name:24} {budget.measured:6g} of {budget.allowed:<5g} {budget.worst}")
    return 0 if all(budget.kept for budget in budgets) else 1


def _most(name: str, sizes: list[Size], allowed: int) -> Budget:
    worst = max(sizes, key=lambda size: size.lines)
    over = [f"{size.place} ({size.lines})" for size in sizes if size.lines > allowed]
    return Budget(name, worst.lines, allowed, ", ".join(over) or worst.place)


def _lines(function: Function) -> int:
    first, whole = function.body[0], (function.end_lineno or function.lineno) - function.lineno + 1
    docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1 if docstring else 0)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules: set[str]) -> set[str]:
    """The modules of ours that a module imports when it is loaded (not under TYPE_CHECKING, not inside functions)."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & modules) or {node.module}
    return found & modules


if __name__ == "__main__":
    sys.exit(main())
