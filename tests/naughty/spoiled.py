"""The scene with the same texts in every column that a person, a commit or a tool can fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from django.db import models, transaction

from agents import runs
from agents.models import Run, Step
from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, User
from controlplane.core.plain import storable
from workloads.evidence import Evidence
from workloads.models import (
    Application,
    Approval,
    Change,
    Deployment,
    Environment,
    Finding,
    Incident,
    Release,
    Variable,
)

ENTRIES = 50  # as many as the audit's page shows, so that it shows nothing else
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Application: ("repository", "folder", "default_ref", "health_path"),
    Environment: ("held_because",),
    Release: ("ref", "message", "commit_author"),
    Change: ("title", "proposed_by", "override_reason", "refused_because"),
    Approval: ("decided_by", "reason"),
    Finding: ("tool", "rule", "path", "message", "cure", "suppressed_reason", "suppressed_by"),
    Incident: ("title",),
    Run: ("requested_by_label", "cancel_requested_by"),
    Step: ("summary", "cure"),
    User: ("first_name", "last_name", "email"),
}
UNIQUE: dict[type[models.Model], str] = {Variable: "name", ApiToken: "name"}
JSON: dict[type[models.Model], dict[str, Callable[[str], Any]]] = {
    Application: {"understood": lambda text: dict.fromkeys(("settings_module", "health_path", "tests"), text) | {"notes": [text]}},
    Change: {"reasons": lambda text: [text, text], "result": lambda text: {"outcome": {"summary": text}}},
    Run: {"result": lambda text: {"summary": text, "cure": text}, "input": lambda text: {"ref": text}},
    Step: {"evidence": lambda text: [piece.as_json() for piece in evidence(text)]},
    Deployment: {"evidence": lambda text: {"summary": text}},
}


def say(texts: Sequence[str], *, from_the: int = 0) -> None:
    """Write the texts, one after another, into all these columns of all rows."""
    turn = count(from_the)

    def following() -> str:
        return storable(texts[next(turn) % len(texts)])

    with transaction.atomic():
        for model in {**COLUMNS, **UNIQUE, **JSON}:
            for row in model._default_manager.order_by("pk"):
                _write(row, following)
        for run in Run.objects.all():
            runs.tell(run.pk, following(), node="testing", kind="line")
        environment = Environment.objects.all()[0]
        for _ in range(ENTRIES):
            text = following()
            audit.record(Actor.system(text), text[:64], environment, before={text: text}, after={text: [text]}, reason=text)


def evidence(text: str) -> list[Evidence]:
    """One piece of each kind, with the text wherever one may stand."""
    table = Evidence(text, "table", {"columns": [text, "x"], "rows": [[text, text]]}, asked=text)
    request = Evidence(text, "request", {"method": text, "url": text, "status": text, "milliseconds": text, "note": text})
    plain = [Evidence(text, kind, text, asked=text) for kind in ("text", "log", "diff")]  # type: ignore[arg-type]
    return [table, request, Evidence(text, "json", {text: text}), *plain]


def _write(row: models.Model, following: Callable[[], str]) -> None:
    model = type(row)
    changed: dict[str, Any] = {name: _fitting(model, name, following()) for name in COLUMNS.get(model, ())}
    if model in UNIQUE:
        changed[UNIQUE[model]] = f"{row.pk} {_fitting(model, UNIQUE[model], following())}"[:100]
    changed |= {name: shape(following()) for name, shape in JSON.get(model, {}).items()}
    model._default_manager.filter(pk=row.pk).update(**changed)


def _fitting(model: type[models.Model], column: str, text: str) -> str:
    longest = model._meta.get_field(column).max_length  # type: ignore[union-attr]
    return text[:longest] or "x"
