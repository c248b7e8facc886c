"""Pure but for reading the file: which facts about code mean that it cannot work, and not only that it could be better."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath

from workloads.adapters.scanners import SYNTAX
from workloads.evidence import Fact
from workloads.source.files import parse

# Not part of what is served: their faults are shown, and stop nothing.
ASIDE = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "example", "scripts", "fixtures", "benchmarks", "tools", "e2e"}
)
# Names of Python 2 stand behind a version test in code that serves both.
PYTHON_2 = frozenset("unicode basestring long xrange raw_input reduce unichr file cmp reload execfile buffer".split())  # noqa: SIM905


def cannot_work(fact: Fact, folder: Path) -> bool:
    """Whether the fact is a syntax error, or a name that is looked up when its line runs and that nothing defines."""
    if not _is_served(fact.path, folder):
        return False
    if fact.rule == SYNTAX or fact.rule.startswith("E9"):
        return True
    return fact.rule in {"F821", "F823"} and _is_looked_up(fact, folder)


def only_when_it_runs(fact: Fact, folder: Path) -> bool:
    """Whether the undefined name stands inside functions only: loading the module does not look it up."""
    names = _names_of(fact, folder)
    return fact.rule in {"F821", "F823"} and names is not None and names.get((_named(fact), fact.line), False)


def _is_served(path: str, folder: Path) -> bool:
    """Whether the file belongs to a package of the application."""
    place = PurePosixPath(path)
    if ASIDE & set(place.parts[:-1]) or "{" in path or place.name.startswith(("test_", "conftest", "tests.")):
        return False
    return (folder / place.parent / "__init__.py").exists() or place.name in {"settings.py", "urls.py", "wsgi.py", "asgi.py"}


def _is_looked_up(fact: Fact, folder: Path) -> bool:
    """Whether the name stands where Python evaluates it: not in a text, nor in an annotation that is never evaluated."""
    name, names = _named(fact), _names_of(fact, folder)
    return bool(name) and name not in PYTHON_2 and (names is None or (name, fact.line) in names)


def _named(fact: Fact) -> str:
    found = re.search(r"`([\w.]+)`", fact.message)
    return found[1] if found else ""


def _names_of(fact: Fact, folder: Path) -> Mapping[tuple[str, int | None], bool] | None:
    try:
        return _looked_up((folder / fact.path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


@lru_cache(maxsize=16)
def _looked_up(source: bytes) -> Mapping[tuple[str, int | None], bool]:
    """Each name that is evaluated, with its line: whether functions only look it up there, when they run."""
    tree = parse(source)
    ignored, inside = _never_evaluated(tree), _inside_functions(tree)
    found: dict[tuple[str, int | None], bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in ignored:
            place = (node.id, node.lineno)
            found[place] = found.get(place, True) and id(node) in inside
    return found


def _inside_functions(tree: ast.Module) -> set[int]:
    """What stands in the bodies of functions, each looked at once however deep they nest."""
    found: set[int] = set()
    left: list[tuple[ast.AST, bool]] = [(tree, False)]
    while left:
        node, deferred = left.pop()
        if deferred:
            found.add(id(node))
        body = getattr(node, "body", None) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) else None
        own = {id(part) for part in (body if isinstance(body, list) else [body])}
        left += [(child, deferred or id(child) in own) for child in ast.iter_child_nodes(node)]
    return found


def _never_evaluated(tree: ast.Module) -> set[int]:
    postponed = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and _imports_annotations(node) for node in tree.body
    )
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            found |= {id(inner) for statement in node.body for inner in ast.walk(statement)}
        annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if postponed and isinstance(annotation, ast.AST):
            found |= {id(inner) for inner in ast.walk(annotation)}
    return found


def _imports_annotations(node: ast.ImportFrom) -> bool:
    return any(alias.name == "annotations" for alias in node.names)
