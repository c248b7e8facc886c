"""Which environment variables a settings module reads, how, and what for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from controlplane.core.redaction import SECRET_NAME
from workloads.source.project import Read
from workloads.source.readers import Reader, Readers, literal

NO_VALUE_FAILS = frozenset(
    {"int", "float", "Path", "json.loads", "split", "strip", "lower", "upper", "replace", "Fernet", "b64decode"}
)
MERE_PRESENCE = frozenset({"present", "absent"})
DATABASE_KEYS = frozenset({"NAME", "USER", "PASSWORD", "HOST", "PORT"})


@dataclass
class Reading:
    """What one walk through a chain of settings modules collects."""

    reads: dict[str, Read] = field(default_factory=dict)
    readers: Readers = field(default_factory=Readers)
    known: dict[str, object] = field(default_factory=dict)  # module-level names whose value is certain
    variables: dict[str, tuple[str, ...]] = field(default_factory=dict)  # module-level names that hold a variable's value

    def note(self, read: Read) -> None:
        """Keep a read; the stricter, better explained one of two wins."""
        former = self.reads.get(read.name)
        if former is None:
            self.reads[read.name] = read
            return
        self.reads[read.name] = replace(
            former,
            required=former.required or read.required,
            default=former.default if former.default is not None else read.default,
            setting=_better(former.setting, read.setting),
            cast=read.cast if former.cast in MERE_PRESENCE else former.cast or read.cast,
            options=tuple(dict.fromkeys((*former.options, *read.options))),
        )

    def explain(self, name: str, *, setting: str = "", options: tuple[str, ...] = (), cast: str = "") -> None:
        """Add what was learnt later of a variable's purpose."""
        if former := self.reads.get(name):
            self.reads[name] = replace(
                former,
                setting=_better(former.setting, setting, later=True),
                cast=cast or former.cast,
                options=tuple(dict.fromkeys((*former.options, *options))),
            )


def _better(former: str, new: str, *, later: bool = False) -> str:
    """Of two purposes the one that says more: a database server's, then a database file's, then the first."""
    for kind in ("DATABASES", "SQLITE"):
        for setting in (former, new):
            if setting.startswith(kind):
                return setting
    return new if later and new else former or new


def read_module(tree: ast.Module, path: str, reading: Reading, *, certain: bool = True) -> None:
    """Add what this module reads; call in the order in which the modules run. `certain`: whether it surely does."""
    reading.readers.learn(tree)
    _Walk(path, reading, certain=certain).body(tree.body)


class _Walk:
    """One module, statement by statement, knowing which statements surely run."""

    def __init__(self, path: str, reading: Reading, *, certain: bool = True) -> None:
        self.path, self.reading, self.certain = path, reading, certain

    def body(self, statements: list[ast.stmt], *, certain: bool | None = None) -> None:
        """Each statement; `certain` says whether they surely run."""
        before = self.certain
        self.certain = before if certain is None else before and certain
        for statement in statements:
            self._statement(statement)
        self.certain = before

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        handlers: tuple[tuple[Any, Callable[[Any], None]], ...] = (
            (ast.Assign | ast.AnnAssign | ast.AugAssign, self._assignment),
            (ast.If, self._choice),
            (ast.Try, self._attempt),
            (ast.With, self._with),
            (ast.ClassDef, self._class),
            (ast.For | ast.While, self._loop),
        )
        for kind, handle in handlers:
            if isinstance(node, kind):
                handle(node)
                return
        for child in ast.iter_child_nodes(node):
            self._expression(child)

    def _attempt(self, node: ast.Try) -> None:
        for part in (node.body, node.orelse, *[handler.body for handler in node.handlers]):
            self.body(part, certain=not node.handlers and self.certain)
        self.body(node.finalbody)

    def _loop(self, node: ast.For | ast.While) -> None:
        self._expression(node.iter if isinstance(node, ast.For) else node.test)
        self.body(node.body, certain=False)

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            return
        setting = _path_of(targets[0])
        self._expression(node.value, setting)
        name = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
        if name and (reader := self.reading.readers.configuration_value(name, node.value)):
            self._note(reader.name, node.lineno, required=reader.required, default=reader.default, setting=reader.setting)
        if not name:
            return
        self.reading.known.pop(name, None)
        if isinstance(node.value, ast.Constant) and self.certain:
            self.reading.known[name] = node.value.value
        variables = self._variables_in(node.value)
        if variables:
            self.reading.variables[name] = variables
            if name == "DEBUG":
                self.reading.known[name] = False  # as we will set it

    def _choice(self, node: ast.If) -> None:
        self._expression(node.test)
        taken = self._truth(node.test)
        if taken is None:
            self.body(node.body, certain=False)
            self.body(node.orelse, certain=False)
        else:
            self.body(node.body, certain=taken)
            self.body(node.orelse, certain=not taken)

    def _with(self, node: ast.With) -> None:
        prefix = ""
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "prefixed" and call.args:
                prefix = str(literal(call.args[0]) or "")
            else:
                self._expression(call)
        self.reading.readers.prefix += prefix
        self.body(node.body)
        self.reading.readers.prefix = self.reading.readers.prefix.removesuffix(prefix) if prefix else self.reading.readers.prefix

    def _class(self, node: ast.ClassDef) -> None:
        fields = self.reading.readers.fields_of(node)
        for name, setting, required, default, line in fields:
            self._note(name, line, required=required, default=default, setting=setting)
        if not fields:
            self.body(node.body, certain=False)

    def _expression(self, node: ast.AST, setting: str = "", cast: str = "") -> None:
        """Find reads in an expression; `setting` is what it is assigned to, `cast` what is made of it."""
        reader = self.reading.readers.recognise(node)
        if reader is not None:
            self._take(reader, node, setting, cast)
            return
        if isinstance(node, ast.Dict):
            self._dictionary(node, setting)
            return
        if isinstance(node, ast.Compare):
            self._comparison(node, setting)
            return
        if isinstance(node, ast.BoolOp | ast.IfExp):
            self._alternative(node, setting, cast)
            return
        cast = _cast_of(node) or cast
        for child in ast.iter_child_nodes(node):
            self._expression(child, _keyword_setting(child, setting), cast)
        if isinstance(node, ast.BinOp | ast.JoinedStr):
            self._extension(node)

    def _take(self, reader: Reader, node: ast.AST, setting: str, cast: str) -> None:
        fails = reader.default is None and not reader.optional and cast.partition(":")[0] in NO_VALUE_FAILS
        required = reader.required or fails
        self._note(
            reader.name,
            getattr(node, "lineno", 0),
            required=required and self.certain,
            default=reader.default,
            setting=reader.setting or setting,
            cast=reader.cast or cast,
        )
        for inner in [*node.args, *[keyword.value for keyword in node.keywords]] if isinstance(node, ast.Call) else []:
            self._expression(inner, reader.setting or setting)  # config("A", default=config("B"))

    def _alternative(self, node: ast.BoolOp | ast.IfExp, setting: str, cast: str) -> None:
        """`read or default`, `read if condition else default`: not required, and the literal is the default."""
        parts = node.values if isinstance(node, ast.BoolOp) else [node.test, node.body, node.orelse]
        defaults = [value for part in parts if isinstance(value := literal(part), str)]
        inner = _Walk(self.path, self.reading, certain=False)
        for part in parts:
            if (reader := self.reading.readers.recognise(part)) is not None and reader.default is None and defaults:
                inner._note(reader.name, node.lineno, required=False, default=defaults[-1], setting=setting, cast=cast)
            else:
                inner._expression(part, setting, cast)

    def _dictionary(self, node: ast.Dict, setting: str) -> None:
        keys = [literal(key) if key is not None else None for key in node.keys]
        if "ENGINE" in keys:
            setting = _database_setting(setting, node, keys)
        for key, value in zip(keys, node.values, strict=True):
            inner = f"{setting}.{key}" if setting and isinstance(key, str) else setting
            if isinstance(value, ast.Name) and inner.startswith(("DATABASES", "SQLITE")):
                for variable in self._variables_in(value):
                    self.reading.explain(variable, setting=inner)
            self._expression(value, inner)

    def _comparison(self, node: ast.Compare, setting: str) -> None:
        """`read == "x"`: the other side is one of the values the application knows."""
        sides = [node.left, *node.comparators]
        options = tuple(word for side in sides for word in _words(side))
        cast = "differs" if isinstance(node.ops[0], ast.NotEq | ast.NotIn) else ""
        for side in sides:
            self._expression(side, setting)
            for variable in self._variables_in(side)[:1]:
                self.reading.explain(variable, options=options, cast=cast)

    def _extension(self, node: ast.BinOp | ast.JoinedStr) -> None:
        """`read + "/0"`: the variable holds an address without its path."""
        parts = [node.left, node.right] if isinstance(node, ast.BinOp) else node.values
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in parts]
        for before, after in pairwise(parts):
            text = literal(after)
            if isinstance(text, str) and text.startswith("/"):
                for variable in self._variables_in(before):
                    self.reading.explain(variable, cast="extended")

    def _note(self, name: str, line: int, *, required: bool, default: str | None, setting: str, cast: str = "") -> None:
        self.reading.note(Read(name, self.path, line, required, default, bool(SECRET_NAME.search(name)), setting, cast))

    def _variables_in(self, node: ast.AST) -> tuple[str, ...]:
        """The variables whose value this expression may carry, the first choice first."""
        if isinstance(node, ast.Name):
            return self.reading.variables.get(node.id, ())
        found = (self.reading.readers.recognise(inner) for inner in ast.walk(node))
        return tuple(reader.name for reader in found if reader is not None)

    def _truth(self, test: ast.expr) -> bool | None:
        """Whether a condition holds, where that is certain."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._truth(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.Name) and test.id in self.reading.known:
            return bool(self.reading.known[test.id])
        return bool(test.value) if isinstance(test, ast.Constant) else None


def _database_setting(setting: str, node: ast.Dict, keys: list[object]) -> str:
    """Where a dictionary with an ENGINE belongs: a SQLite one has only a file name to give."""
    engine = literal(node.values[keys.index("ENGINE")])
    if isinstance(engine, str) and ("sqlite" in engine or "spatialite" in engine):
        return "SQLITE"
    return setting if setting.startswith("DATABASES") else "DATABASES.default"


def _path_of(target: ast.expr) -> str:
    """`DATABASES["default"]["HOST"]` as `DATABASES.default.HOST`."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Subscript):
        key = literal(target.slice)
        return f"{_path_of(target.value)}.{key}" if isinstance(key, str) else _path_of(target.value)
    if isinstance(target, ast.Attribute):
        return target.attr
    return ""


def _cast_of(node: ast.AST) -> str:
    """What an expression makes of the value inside it; a split names its separator, a list says `item`."""
    if isinstance(node, ast.List | ast.Tuple):
        return "item"
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        return f"split:{literal(node.args[0]) if node.args else ' '}"
    if isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node.func, ast.Attribute):
        return "json.loads" if node.func.attr == "loads" else node.func.attr
    return ""


def _keyword_setting(child: ast.AST, setting: str) -> str:
    """`dict(HOST=...)` inside DATABASES names its key as well."""
    if isinstance(child, ast.keyword) and child.arg in DATABASE_KEYS and setting.startswith("DATABASES"):
        return f"{setting}.{child.arg}"
    return setting


def _words(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        for element in node.elts:
            yield from _words(element)
    elif isinstance(value := literal(node), str):
        yield value
