"""Edits lead from one value to another and back, and are made only where what they expect is there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controlplane.core.errors import Conflict, Invalid
from workloads.repairs.edits import Edit, applied, contained, differences, read_edit

_words = some.text("abc=]/.", min_size=1, max_size=4)
_leaf = some.one_of(some.none(), some.booleans(), some.integers(0, 3), _words)
_value: Any = some.recursive(
    _leaf,
    lambda inner: some.one_of(
        some.dictionaries(_words, inner, max_size=3),
        some.lists(inner, max_size=3),
        some.lists(some.fixed_dictionaries({"name": _words, "value": inner}), max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(some.dictionaries(_words, _value, max_size=4), some.dictionaries(_words, _value, max_size=4))
def test_the_difference_leads_there_and_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    edits = [read_edit(each.as_json()) for each in differences(before, after)]
    there = applied(before, edits)
    assert _sorted(there) == _sorted(after)
    assert _sorted(applied(there, [each.back for each in edits])) == _sorted(before)


def _sorted(value: Any) -> Any:
    """Lists of named things without their order: an edit keeps names apart, not places."""
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    if isinstance(value, list):
        made = [_sorted(each) for each in value]
        return sorted(made, key=str) if made and all(isinstance(each, dict) and "name" in each for each in made) else made
    return value


def test_a_container_is_found_by_its_name_wherever_it_stands() -> None:
    live = {"containers": [{"name": "proxy", "image": "a"}, {"name": "web", "image": "b"}]}
    edit = Edit(("containers", "[name=web]", "image"), "b", "c")
    assert edit.where == "containers[name=web].image"
    assert applied(live, [edit])["containers"][1]["image"] == "c"
    with pytest.raises(Conflict, match="is a now"):
        applied({"containers": [{"name": "web", "image": "a"}]}, [edit])
    with pytest.raises(Conflict, match="any more"):
        applied({"containers": []}, [edit])


def test_an_item_comes_back_to_its_place() -> None:
    before = {"env": [{"name": name} for name in "abcd"]}
    after = {"env": [{"name": name} for name in "cxd"]}
    edits = [read_edit(each.as_json()) for each in differences(before, after)]
    assert applied(before, edits) == after
    assert applied(after, [each.back for each in edits]) == before


def test_what_a_server_adds_is_no_difference_and_what_is_veiled_may_be_any() -> None:
    assert contained({"port": 80}, {"port": 80, "scheme": "HTTP"})
    assert contained("postgres://u:[redacted]@db", "postgres://u:hunter2@db")
    assert not contained("postgres://u:[redacted]@db", "postgres://u:hunter2@other")
    assert not contained({"port": 80}, {"port": 81})
    assert not contained(1, True)
    assert contained([], None)


@pytest.mark.parametrize("told", [{}, {"path": []}, {"path": "spec"}, {"path": [None]}, {"path": ["a"], "more": 1}])
def test_anything_else_is_no_edit(told: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read_edit(told)
