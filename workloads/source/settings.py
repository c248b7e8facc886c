"""One settings module as it would be loaded: the files it is made of, what they set, what they read, what they lack."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workloads.source import files
from workloads.source.project import Read
from workloads.source.readers import dotted, literal
from workloads.source.reads import Reading, read_module

MOST_FILES = 40
READS_SOMETHING = re.compile(r"environ|getenv|decouple|BaseSettings|configurations")
ENGINES = {
    "sqlite": "sqlite",
    "spatialite": "sqlite",
    "postg": "postgresql",
    "mysql": "mysql",
    "oracle": "oracle",
    "mssql": "mssql",
}


@dataclass
class Settings:
    """What a settings module amounts to, as far as its text tells."""

    module: str
    files: list[Path] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    values: dict[str, ast.expr] = field(default_factory=dict)  # the last plain assignment to each name
    words: dict[str, list[str]] = field(default_factory=dict)  # every string that goes into a name: INSTALLED_APPS, MIDDLEWARE
    absent: list[str] = field(default_factory=list)  # what it needs and the repository does not have, in sentences
    imports: set[str] = field(default_factory=set)  # top-level packages it imports for sure
    certain_apps: set[str] = field(default_factory=set)  # top-level packages of the applications it installs for sure

    def text(self, name: str) -> str:
        """The literal string a name is set to, or empty."""
        value = literal(self.values[name]) if name in self.values else None
        return value if isinstance(value, str) else ""

    @property
    def apps(self) -> tuple[str, ...]:
        """The installed applications, as far as they are written out."""
        return tuple(dict.fromkeys(word for name, words in self.words.items() if name.endswith("APPS") for word in words))

    @property
    def has_secret_key(self) -> bool:
        """Whether something in it sets SECRET_KEY."""
        return "SECRET_KEY" in self.words or any(read.setting == "SECRET_KEY" for read in self.reads)

    @property
    def debugs(self) -> bool:
        """Whether it sets DEBUG = True itself, so that what depends on it is loaded as well."""
        return "DEBUG" in self.values and literal(self.values["DEBUG"]) is True

    @property
    def database(self) -> str:
        """The engine of the default database: a name, "from a variable", or empty."""
        if any(read.setting in {"DATABASES.default", "DATABASES.default.ENGINE"} for read in self.reads):
            return "from a variable"
        found = [
            kind
            for word in self.words.get("DATABASES", [])
            for sign, kind in ENGINES.items()
            if sign in word and "backends" in word
        ]
        return "from a variable" if len(set(found)) > 1 else found[-1] if found else ""

    @property
    def fixed_database(self) -> bool:
        """Whether it names a database server that no variable can change."""
        return self.database in {"postgresql", "mysql", "oracle", "mssql"} and not any(
            read.setting.startswith("DATABASES") for read in self.reads
        )


def load(module: str, roots: tuple[Path, ...], folder: Path) -> Settings | None:
    """Read the module and all local modules it is made of; None when its file is not there."""
    path = files.module_file(roots, module)
    if path is None:
        return None
    settings, reading = Settings(module), Reading()
    for one, tree, sure in _chain(path, module, roots, settings):
        settings.files.append(one)
        if tree is None:
            settings.absent.append(f"{files.relative(one, folder)} cannot be parsed: it is not Python 3.")
            continue
        read_module(tree, files.relative(one, folder), reading, certain=sure)
        _collect(tree, settings, sure)
        if sure:
            _files_it_opens(tree, one, folder, settings)
    settings.reads = list(reading.reads.values())
    return settings


def _chain(
    path: Path, module: str, roots: tuple[Path, ...], settings: Settings, seen: set[Path] | None = None, certain: bool = True
) -> Iterator[tuple[Path, ast.Module | None, bool]]:
    """The files in the order in which they run, and whether they surely do: what is imported first, then the module itself."""
    seen = seen if seen is not None else set()
    if path in seen or len(seen) > MOST_FILES:
        return
    seen.add(path)
    tree = files.python(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for target, sure, module_for_sure in _local_imports(tree, package) if tree is not None else ():
        found = files.module_file(roots, target)
        if found is not None:
            if _belongs(found, path):
                yield from _chain(found, target, roots, settings, seen, certain and sure)
        elif sure and certain and module_for_sure and _top_is_local(target, package, roots):
            settings.absent.append(f"{path.name} imports {target}, which the repository does not have.")
    if tree is not None:
        for part in _included(tree, path):
            yield from _chain(part, module, roots, settings, seen, certain)
    yield path, tree, certain


def _local_imports(tree: ast.Module, package: str) -> Iterator[tuple[str, bool, bool]]:
    """What a module imports, whether it surely does, and whether that is surely a module (and not a name in one)."""
    for node, sure in _statements(tree.body):
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            target = ".".join([*base, *([node.module] if node.module else [])])
            if node.module:
                yield target, sure, True
            else:  # from . import env
                yield from ((f"{target}.{alias.name}", sure, False) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, sure, False) for alias in node.names)


def _statements(body: list[ast.stmt], sure: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """Module-level statements, those inside `if` and `try` included, with whether they surely run."""
    for node in body:
        yield node, sure
        if isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse], False)
        elif isinstance(node, ast.Try):
            handled = [statement for handler in node.handlers for statement in handler.body]
            yield from _statements([*node.body, *handled, *node.orelse, *node.finalbody], False)
        elif isinstance(node, ast.With):
            yield from _statements(node.body, sure)


def _included(tree: ast.Module, path: Path) -> Iterator[Path]:
    """Files that django-split-settings includes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in {"include", "split_settings.tools.include"}:
            for argument in node.args:
                name = literal(argument.args[0] if isinstance(argument, ast.Call) and argument.args else argument)
                if isinstance(name, str) and name.endswith(".py") and not name.startswith(("/", "..")):
                    yield from sorted(path.parent.glob(name))


def _belongs(found: Path, importer: Path) -> bool:
    """Whether an imported local module is part of the settings: beside them, or reading variables itself."""
    near = found.parent == importer.parent or importer.parent in found.parents
    return near or bool(READS_SOMETHING.search(files.text(found)))


def _top_is_local(target: str, package: str, roots: tuple[Path, ...]) -> bool:
    top = target.split(".", maxsplit=1)[0]
    return top == package.split(".", maxsplit=1)[0] or any((root / top).is_dir() for root in roots)


def _collect(tree: ast.Module, settings: Settings, certain: bool) -> None:
    for node, sure in _statements(tree.body, certain):
        if isinstance(node, ast.ClassDef):
            _collect(ast.Module(list(node.body), []), settings, certain)
        if isinstance(node, ast.Import | ast.ImportFrom) and sure:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            settings.imports |= {name.split(".")[0] for name in names if name and not getattr(node, "level", 0)}
        target, value = _assignment(node)
        if target and value is not None:
            plain = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            _take_value(settings, target, value, plain, sure)


def _take_value(settings: Settings, target: str, value: ast.expr, plain: bool, sure: bool) -> None:
    """Keep what goes into a name; a plain assignment that does not build on the former value replaces it."""
    words = [inner.value for inner in ast.walk(value) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)]
    if plain:
        settings.values[target] = value
        if sure and not any(isinstance(inner, ast.Name) and inner.id == target for inner in ast.walk(value)):
            settings.words[target] = []
    settings.words.setdefault(target, []).extend(words)
    if sure and target.endswith("APPS"):
        settings.certain_apps |= {word.split(".")[0] for word in words}
    if "ENGINE" in words and target != "DATABASES":
        settings.words.setdefault("DATABASES", []).extend(words)


def _assignment(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.Assign):
        target: ast.expr = node.targets[0]
        while isinstance(target, ast.Subscript):
            target = target.value
        return dotted(target), node.value
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return dotted(node.target), node.value
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):  # INSTALLED_APPS.append("x")
        owner, _, method = dotted(node.value.func).rpartition(".")
        if method in {"append", "extend", "insert", "update"} and node.value.args:
            return owner, node.value.args[-1]
    return "", None


def _files_it_opens(tree: ast.Module, path: Path, folder: Path, settings: Settings) -> None:
    """Files opened for sure while loading, by a plain name, that the repository does not have."""
    for node, sure in _statements(tree.body):
        if not sure or isinstance(node, ast.If | ast.Try | ast.FunctionDef | ast.ClassDef):
            continue
        for inner in ast.walk(node):
            if not (isinstance(inner, ast.Call) and dotted(inner.func) == "open" and inner.args):
                continue
            names = [
                word.value for word in ast.walk(inner.args[0]) if isinstance(word, ast.Constant) and isinstance(word.value, str)
            ]
            wanted = "/".join(name.strip("/") for name in names if name)
            if wanted and not any((place / wanted).exists() for place in (folder, path.parent, *path.parents[:3])):
                settings.absent.append(f"{path.name} opens {wanted}, which the repository does not have.")
