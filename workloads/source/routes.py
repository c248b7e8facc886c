"""The URL routes that can be read from the files, to find one made for health checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from workloads.source import files
from workloads.source.readers import dotted, literal

HEALTH = re.compile(
    r"^(health([_-]?check)?z?|healthy|livez|liveness|readyz|readiness|_?_?(lb)?heartbeat_?_?|alive|ht|up|ping|status|_health|-?health-?)$",
    re.I,
)
DEPTH = 4


def health(roots: tuple[Path, ...], urlconf: str) -> str:
    """The route that looks like a health check, the shortest of the plainest name; empty when there is none."""
    routes = [route for route in _routes(roots, urlconf, "", DEPTH) if HEALTH.match(route.rstrip("/").rpartition("/")[2])]
    routes.sort(key=lambda route: ("health" not in route, route.count("/"), len(route)))
    return f"/{routes[0]}" if routes else ""


def _routes(roots: tuple[Path, ...], urlconf: str, prefix: str, depth: int) -> Iterator[str]:
    path = files.module_file(roots, urlconf)
    tree = files.python(path) if path is not None else None
    if tree is None or depth == 0:
        return
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {"path", "re_path", "url"} and node.args):
            continue
        route = _plain(literal(node.args[0]))
        if route is None or len(node.args) < 2:
            continue
        included = _included(node.args[1])
        if included:
            yield from _routes(roots, included, prefix + route, depth - 1)
        else:
            yield prefix + route


def _included(view: ast.expr) -> str:
    if not (isinstance(view, ast.Call) and dotted(view.func).rpartition(".")[2] == "include" and view.args):
        return ""
    target = view.args[0].elts[0] if isinstance(view.args[0], ast.Tuple) and view.args[0].elts else view.args[0]
    found = literal(target)
    return found if isinstance(found, str) else dotted(target)


def _plain(route: object) -> str | None:
    """A route without parameters, as a path."""
    if not isinstance(route, str):
        return None
    bare = route.removeprefix("^").removesuffix("$").replace("\\.", ".").replace("\\-", "-").removesuffix("/?")
    return None if re.search(r"[<(\[*+?\\|]", bare) else bare
