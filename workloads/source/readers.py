"""The ways a settings module can read an environment variable: the standard library, known packages, its own functions."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

ENVIRON = frozenset({"os.environ", "environ", "os.environb"})
GETENV = frozenset({"os.getenv", "getenv", "os.environ.get", "environ.get", "os.environ.pop"})
ENV_CLASSES = frozenset({"environ.Env", "environ.FileAwareEnv", "Env", "environs.Env", "FileAwareEnv"})
DECOUPLE = frozenset({"decouple.config", "decouple.AutoConfig", "AutoConfig", "decouple.Config", "Config"})
URL_VALUES = {"DatabaseURLValue": "DATABASE_URL", "CacheURLValue": "CACHE_URL", "EmailURLValue": "EMAIL_URL"}
METHOD_VARIABLES = {
    "db": ("DATABASE_URL", "DATABASES.default"),
    "db_url": ("DATABASE_URL", "DATABASES.default"),
    "dj_db_url": ("DATABASE_URL", "DATABASES.default"),
    "cache": ("CACHE_URL", "CACHES.default"),
    "cache_url": ("CACHE_URL", "CACHES.default"),
    "dj_cache_url": ("CACHE_URL", "CACHES.default"),
    "email": ("EMAIL_URL", "EMAIL"),
    "email_url": ("EMAIL_URL", "EMAIL"),
    "dj_email_url": ("EMAIL_URL", "EMAIL"),
    "search_url": ("SEARCH_URL", "SEARCH"),
}
NOT_READS = frozenset({"read_env", "read_envfile", "prefixed", "seal", "parser_for", "add_parser", "dump", "escape_proxy"})
Field = tuple[str, str, bool, "str | None", int]  # variable, setting, required, default, line


@dataclass(frozen=True, slots=True)
class Reader:
    """One recognised read. `optional`: absence was thought of (a default of None, a handled absence)."""

    name: str
    required: bool
    default: str | None = None
    optional: bool = False
    setting: str = ""
    cast: str = ""


@dataclass
class Readers:
    """What reads variables in this project; learnt module by module."""

    environ: set[str] = field(default_factory=lambda: set(ENVIRON))
    envs: dict[str, dict[str, str | None]] = field(default_factory=dict)  # name of an Env -> variables with a default
    decouple: set[str] = field(default_factory=set)
    database_url: set[str] = field(default_factory=lambda: {"dj_database_url.config"})
    functions: dict[str, _Function] = field(default_factory=dict)
    prefix: str = ""

    def learn(self, tree: ast.Module) -> None:
        """Take in the imports, instances and functions of a module."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._learn_import(node)
            elif isinstance(node, ast.Import):
                self._learn_alias(node)
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self._learn_instance(node.targets[0].id, node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (function := _own_function(node, self)):
                self.functions[node.name] = function

    def recognise(self, node: ast.AST) -> Reader | None:
        """The read this very node is, if it is one."""
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            name = literal(node.slice)
            if dotted(node.value) in self.environ and isinstance(name, str):
                return Reader(name, required=True)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            return self._membership(node)
        return self._call(node) if isinstance(node, ast.Call) else None

    def fields_of(self, node: ast.ClassDef) -> list[Field]:
        """The variables that a pydantic-settings class reads."""
        if not any(dotted(parent).endswith("BaseSettings") for parent in node.bases):
            return []
        prefix, found = _pydantic_prefix(node), []
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                required, default = _pydantic_default(statement)
                name = statement.target.id.upper()
                found.append((f"{prefix}{name}", name, required, default, statement.lineno))
        return [item for item in found if item[1] != "MODEL_CONFIG"]

    def configuration_value(self, target: str, value: ast.expr) -> Reader | None:
        """`DEBUG = values.BooleanValue(False)` of django-configurations: reads DJANGO_DEBUG."""
        if not (isinstance(value, ast.Call) and dotted(value.func).startswith("values.") and dotted(value.func).endswith("Value")):
            return None
        kind = dotted(value.func).rpartition(".")[2]
        options = {keyword.arg: literal(keyword.value) for keyword in value.keywords}
        prefix = options.get("environ_prefix", "" if kind in URL_VALUES else "DJANGO")
        name = options.get("environ_name") or URL_VALUES.get(kind, target)
        required = kind == "SecretValue" or options.get("environ_required") is True
        default = _text(literal(value.args[0])) if value.args else _text(options.get("default"))
        return Reader(f"{prefix}_{name}" if prefix else str(name), required, default, not required, target)

    def _learn_import(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name
            if node.module == "decouple" and alias.name == "config":
                self.decouple.add(name)
            elif node.module == "os" and alias.name == "environ":
                self.environ.add(name)
            elif node.module == "dj_database_url" and alias.name == "config":
                self.database_url.add(name)

    def _learn_alias(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name == "dj_database_url" and alias.asname:
                self.database_url.add(f"{alias.asname}.config")

    def _learn_instance(self, name: str, value: ast.expr) -> None:
        if dotted(value) in self.environ or (
            isinstance(value, ast.Call) and dotted(value.func) in {"os.environ.copy", "dict"} and _is_environ(value)
        ):
            self.environ.add(name)
        elif isinstance(value, ast.Call) and dotted(value.func) in ENV_CLASSES:
            self.envs[name] = _scheme(value)
        elif isinstance(value, ast.Call) and dotted(value.func) in DECOUPLE:
            self.decouple.add(name)

    def _membership(self, node: ast.Compare) -> Reader | None:
        name = literal(node.left)
        if isinstance(name, str) and dotted(node.comparators[0]) in self.environ:
            return Reader(name, required=False, optional=True, cast="absent" if isinstance(node.ops[0], ast.NotIn) else "present")
        return None

    def _call(self, node: ast.Call) -> Reader | None:
        function = dotted(node.func)
        if function in GETENV or (function.endswith((".get", ".pop")) and function.rpartition(".")[0] in self.environ):
            return _plain(node, required=False)
        if function in self.decouple or function == "decouple.config":
            return _plain(node, required=True)
        if function in self.database_url:
            return _database_url(node)
        owner, _, method = function.rpartition(".")
        if function in self.envs or owner in self.envs:
            return self._env_call(node, self.envs.get(owner or function, {}), method if owner in self.envs else "")
        return self.functions[function].called(node) if function in self.functions else None

    def _env_call(self, node: ast.Call, scheme: dict[str, str | None], method: str) -> Reader | None:
        if method in NOT_READS:
            return None
        usual, setting = METHOD_VARIABLES.get(method, ("", ""))
        name = argument(node, 0, "var", "name")
        name = usual if name is None else name
        if not isinstance(name, str) or not name:
            return None
        given = "default" in {keyword.arg for keyword in node.keywords} or len(node.args) > (2 if not method else 1)
        default = _text(argument(node, 2 if not method else 1, "default"))
        if not given and name in scheme:
            return Reader(self.prefix + name, required=False, default=scheme[name], optional=True, setting=setting)
        return Reader(
            self.prefix + name, required=not given, default=default, optional=given, setting=setting, cast=f"env.{method or 'str'}"
        )


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the project that reads the variable its first parameter names."""

    head: str
    tail: str
    default_at: int
    default_name: str
    strict: bool

    def called(self, node: ast.Call) -> Reader | None:
        """The read that a call of it is."""
        name = literal(node.args[0]) if node.args else literal(node.keywords[0].value) if node.keywords else None
        if not isinstance(name, str):
            return None
        value = argument(node, self.default_at, self.default_name) if self.default_name else None
        given = bool(self.default_name) and (
            len(node.args) > self.default_at or any(keyword.arg == self.default_name for keyword in node.keywords)
        )
        return Reader(self.head + name + self.tail, self.strict and not given, _text(value), optional=not self.strict or given)


def _own_function(node: ast.FunctionDef, readers: Readers) -> _Function | None:
    parameters = [parameter.arg for parameter in node.args.args]
    if not parameters:
        return None
    inside = [found for inner in ast.walk(node) if (found := _parameter_read(inner, parameters[0], readers)) is not None]
    if not inside:
        return None
    head, tail, subscript = min(inside, key=lambda found: len(found[0]) + len(found[1]))
    raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    second = parameters[1] if len(parameters) > 1 else ""
    defaults = [name for name in parameters[1:] if "default" in name.lower()] or ([second] if second else [])
    name = defaults[0] if defaults else ""
    has_default = bool(name) and parameters.index(name) >= len(parameters) - len(node.args.defaults)
    return _Function(head, tail, parameters.index(name) if name else 1, name, (subscript or raises) and not has_default)


def _parameter_read(node: ast.AST, parameter: str, readers: Readers) -> tuple[str, str, bool] | None:
    """Whether this node reads a variable whose name is made from the parameter: what stands before and after, and if by []."""
    key: ast.expr | None = None
    subscript = isinstance(node, ast.Subscript) and dotted(node.value) in readers.environ
    if isinstance(node, ast.Subscript) and subscript:
        key = node.slice
    elif isinstance(node, ast.Call) and node.args:
        function = dotted(node.func)
        owner = function.rpartition(".")[0]
        if (
            function in GETENV
            or function in readers.decouple
            or function in readers.envs
            or owner in (readers.environ | set(readers.envs))
        ):
            key = node.args[0]
    around = _around(key, parameter) if key is not None else None
    return (*around, subscript) if around is not None else None


def _around(key: ast.expr, parameter: str) -> tuple[str, str] | None:
    if isinstance(key, ast.Name):
        return ("", "") if key.id == parameter else None
    if isinstance(key, ast.Call) and isinstance(key.func, ast.Attribute) and key.func.attr == "upper":
        return _around(key.func.value, parameter)
    if isinstance(key, ast.BinOp) and isinstance(key.op, ast.Add):
        left, right = literal(key.left), literal(key.right)
        if isinstance(left, str) and _around(key.right, parameter) == ("", ""):
            return left, ""
        if isinstance(right, str) and _around(key.left, parameter) == ("", ""):
            return "", right
    if isinstance(key, ast.JoinedStr):
        return _around_joined(key, parameter)
    return None


def _around_joined(key: ast.JoinedStr, parameter: str) -> tuple[str, str] | None:
    parts, head, found = key.values, "", False
    tail = ""
    for part in parts:
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name) and part.value.id == parameter:
            found = True
        elif isinstance(part, ast.Constant):
            head, tail = (head, tail + str(part.value)) if found else (head + str(part.value), tail)
        else:
            return None
    return (head, tail) if found else None


def _plain(node: ast.Call, *, required: bool) -> Reader | None:
    name = argument(node, 0, "key", "option")
    if not isinstance(name, str):
        return None
    given = len(node.args) > 1 or any(keyword.arg == "default" for keyword in node.keywords)
    default = _text(argument(node, 1, "default"))
    cast = next((dotted(keyword.value) for keyword in node.keywords if keyword.arg == "cast"), "")
    return Reader(name, required and not given, default, optional=given and default is not None, cast=f"env.{cast}" if cast else "")


def _database_url(node: ast.Call) -> Reader:
    name = argument(node, 0, "env")
    default = argument(node, 1, "default")
    return Reader(name if isinstance(name, str) else "DATABASE_URL", False, _text(default), True, "DATABASES.default")


def _scheme(call: ast.Call) -> dict[str, str | None]:
    """`Env(DEBUG=(bool, False))`: the variables that have a default there."""
    found: dict[str, str | None] = {}
    for keyword in call.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2:
            found[keyword.arg] = _text(literal(keyword.value.elts[1]))
    return found


def _is_environ(call: ast.Call) -> bool:
    return dotted(call.func) == "os.environ.copy" or bool(call.args and dotted(call.args[0]) == "os.environ")


def _pydantic_prefix(node: ast.ClassDef) -> str:
    for inner in ast.walk(node):
        if isinstance(inner, ast.keyword) and inner.arg == "env_prefix" and isinstance(value := literal(inner.value), str):
            return value.upper()
        if isinstance(inner, ast.Assign) and any(dotted(target) == "env_prefix" for target in inner.targets):
            return str(literal(inner.value) or "").upper()
    return ""


def _pydantic_default(statement: ast.AnnAssign) -> tuple[bool, str | None]:
    value = statement.value
    if value is None:
        return True, None
    if isinstance(value, ast.Call) and dotted(value.func).endswith("Field"):
        given = bool(value.args) or any(keyword.arg in {"default", "default_factory"} for keyword in value.keywords)
        first = literal(value.args[0]) if value.args else None
        return (not given or first is Ellipsis), _text(first)
    return literal(value) is Ellipsis, _text(literal(value))


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of names, otherwise empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def literal(node: ast.AST) -> Any:
    """The value of a literal, otherwise None."""
    try:
        return ast.literal_eval(node)  # type: ignore[arg-type]
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return None


def argument(node: ast.Call, position: int, *names: str) -> Any:
    """The literal value of an argument by place or name; unparsed source for what is no literal."""
    found = node.args[position] if len(node.args) > position else None
    found = next((keyword.value for keyword in node.keywords if keyword.arg in names), found)
    if found is None:
        return None
    value = literal(found)
    return value if value is not None or isinstance(found, ast.Constant) else ast.unparse(found)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
