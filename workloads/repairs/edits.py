"""Minimal edits of an object: a path, what is expected there, and what shall be there instead."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.core.errors import Conflict, Invalid
from controlplane.core.redaction import MASK
from workloads.repairs.values import Json

Part = str | int
_ITEM = re.compile(r"\[(?P<key>[A-Za-z]{1,40})=(?P<value>[^\]]{1,300})\]")
MOST = 200


class _Absent:
    def __deepcopy__(self, _: object) -> _Absent:
        return self

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Edit:
    """`path` goes through mappings by key, through lists by `[name=web]` or a number. `was` and `to` may be ABSENT.

    `at` is the place in its list of an item that comes or goes.
    """

    path: tuple[Part, ...]
    was: Any
    to: Any
    at: int | None = None

    @property
    def where(self) -> str:
        """The path as a person writes it."""
        return "".join(str(part) if str(part).startswith("[") else f".{part}" for part in self.path).lstrip(".")

    @property
    def back(self) -> Edit:
        """The way back."""
        return Edit(self.path, self.to, self.was, self.at)

    def as_json(self) -> Json:
        """Plain values; what is absent has no key."""
        sides = {name: value for name, value in (("was", self.was), ("to", self.to)) if value is not ABSENT}
        return {"path": list(self.path), **sides} | ({"at": self.at} if self.at is not None else {})


def read_edit(told: Mapping[str, Any]) -> Edit:
    """What `Edit.as_json` wrote. Raises Invalid."""
    path = told.get("path")
    if not isinstance(path, list) or not path or not all(isinstance(part, str | int) for part in path) or set(told) - _KEYS:
        raise Invalid("An edit has a path, and what was and shall be there.")
    at = told.get("at")
    if at is not None and (not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < MOST):
        raise Invalid("The place of an item in its list is a small number.")
    return Edit(tuple(path), told.get("was", ABSENT), told.get("to", ABSENT), at)


_KEYS = frozenset({"path", "was", "to", "at"})


def differences(before: Any, after: Any, path: tuple[Part, ...] = ()) -> Iterator[Edit]:
    """The edits that lead from one value to the other, as far down as both are alike in kind."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(set(before) | set(after)):
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif (keyed := _keyed(before, after)) is not None:
        yield from _by_name(keyed, path)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after) and _tables(before) and _tables(after):
        for number, (old_, new_) in enumerate(zip(before, after, strict=True)):
            yield from differences(old_, new_, (*path, number))
    elif before is not after and (before is ABSENT or after is ABSENT or before != after):
        yield Edit(path, copy.deepcopy(before), copy.deepcopy(after))


def _by_name(keyed: tuple[str, dict[str, Any], dict[str, Any]], path: tuple[Part, ...]) -> Iterator[Edit]:
    """Of two lists whose items have names: what differs within items, and items that come or go, with their place."""
    key, old, new = keyed
    for name in dict.fromkeys((*old, *new)):
        where = (*path, f"[{key}={name}]")
        if name in old and name in new:
            yield from differences(old[name], new[name], where)
        else:
            place = list(old if name in old else new).index(name)
            yield Edit(where, copy.deepcopy(old.get(name, ABSENT)), copy.deepcopy(new.get(name, ABSENT)), place)


def _tables(value: list[Any]) -> bool:
    return all(isinstance(item, Mapping) for item in value)


def _keyed(before: Any, after: Any) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
    """Both lists by the key that tells their items apart, where one does for both."""
    if not (isinstance(before, list) and isinstance(after, list) and before and after):
        return None
    for key in ("name", "mountPath"):
        old, new = _by(before, key), _by(after, key)
        if old is not None and new is not None:
            return key, old, new
    return None


def _by(items: list[Any], key: str) -> dict[str, Any] | None:
    names = [item.get(key) for item in items if isinstance(item, Mapping)]
    fit = len(names) == len(items) == len({str(name) for name in names})
    if not fit or not all(isinstance(name, str) and name and "]" not in name for name in names):
        return None
    return dict(zip(map(str, names), items, strict=True))


def contained(expected: Any, found: Any) -> bool:
    """Whether what is expected is there: more may stand beside it, as a server adds defaults; a masked text may be any."""
    if expected is ABSENT or expected in (None, {}, []):
        return found is ABSENT or found in (None, {}, [])
    if isinstance(expected, Mapping):
        return isinstance(found, Mapping) and all(contained(value, found.get(key, ABSENT)) for key, value in expected.items())
    if isinstance(expected, list):
        pairs = zip(expected, found, strict=True) if isinstance(found, list) and len(found) == len(expected) else None
        return pairs is not None and all(contained(one, other) for one, other in pairs)
    if isinstance(expected, str) and MASK in expected:
        return isinstance(found, str) and re.fullmatch(".*".join(map(re.escape, expected.split(MASK))), found, re.S) is not None
    return bool(expected == found) and isinstance(expected, bool) == isinstance(found, bool)


def applied(obj: Json, edits: Iterable[Edit]) -> Json:
    """A copy of the object with the edits made. Raises Conflict where something else stands than was expected."""
    made = copy.deepcopy(obj)
    for edit in edits:
        _apply(made, edit)
    return made


def value_at(obj: Any, path: Iterable[Part]) -> Any:
    """What stands at a path; ABSENT where nothing does."""
    for part in path:
        obj = _get(obj, part)
    return obj


def masked(value: Any) -> bool:
    """Whether a value was veiled somewhere: it must not be written."""
    return value is not ABSENT and MASK in json.dumps(value, default=str)


def _apply(obj: Json, edit: Edit) -> None:
    holder = obj
    for part in edit.path[:-1]:
        holder = _step(holder, part, edit)
    last = edit.path[-1]
    found = _get(holder, last)
    if not contained(edit.was, found):
        raise Conflict(
            f"{edit.where} is {_short(found)} now, not {_short(edit.was)} as when this was offered.",
            cure="Diagnose again: the new offer fits what is there now.",
        )
    if edit.to is ABSENT:
        _remove(holder, last)
    else:
        _put(holder, last, copy.deepcopy(edit.to), edit.at)


def _step(holder: Any, part: Part, edit: Edit) -> Any:
    found = _get(holder, part)
    if found is None or found is ABSENT:
        if isinstance(holder, dict) and isinstance(part, str) and edit.was is ABSENT:
            holder[part] = {}
            return holder[part]
        raise Conflict(f"{edit.where}: there is no {part} any more.", cure="Diagnose again.")
    return found


def _get(holder: Any, part: Part) -> Any:
    if isinstance(holder, Mapping):
        return holder.get(str(part), ABSENT)
    if isinstance(holder, list):
        place = _place(holder, part)
        return holder[place] if place is not None else ABSENT
    return ABSENT


def _place(items: Sequence[Any], part: Part) -> int | None:
    if isinstance(part, int):
        return part if 0 <= part < len(items) else None
    match = _ITEM.fullmatch(part)
    if match is None:
        return None
    fitting = (at for at, item in enumerate(items) if isinstance(item, Mapping) and item.get(match["key"]) == match["value"])
    return next(fitting, None)


def _put(holder: Any, part: Part, value: Any, at: int | None) -> None:
    if isinstance(holder, dict):
        holder[str(part)] = value
        return
    if not isinstance(holder, list):
        raise Conflict(f"There is no place for {part} any more.", cure="Diagnose again.")
    place = _place(holder, part)
    if place is None:
        holder.insert(len(holder) if at is None else at, value)
    else:
        holder[place] = value


def _remove(holder: Any, part: Part) -> None:
    if isinstance(holder, dict):
        holder.pop(str(part), None)
    elif (place := _place(holder, part)) is not None:
        del holder[place]


def _short(value: Any) -> str:
    if value is ABSENT or value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)
    return text if len(text) <= 120 else text[:119] + "…"
