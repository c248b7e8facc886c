"""A validator's complaints in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Complaint(Protocol):
    """One complaint of jsonschema."""

    @property
    def absolute_path(self) -> Any: ...
    @property
    def message(self) -> str: ...


class Validator(Protocol):
    """A validator of jsonschema."""

    def iter_errors(self, instance: Any) -> Any: ...


def wrong(validator: Validator, item: Mapping[str, Any]) -> tuple[str, ...]:
    """Every complaint with its place: "spec.replicas: 'three' is not of type 'integer'"."""
    found = sorted(validator.iter_errors(item), key=lambda complaint: list(map(str, complaint.absolute_path)))
    return tuple(f"{'.'.join(map(str, one.absolute_path)) or '(the whole)'}: {one.message}" for one in found)
