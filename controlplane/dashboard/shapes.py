"""The workflows' graphs as pages draw them: rows of nodes, the main ways between them, and the nodes' titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Edges = tuple[tuple[str, str], ...]
Rows = tuple[tuple[str, ...], ...]
CHECKS = ("code_quality", "testing", "security", "configuration", "cicd")


@dataclass(frozen=True, slots=True)
class Shape:
    """How one workflow is drawn."""

    rows: Rows
    edges: Edges


ROLLOUT = Shape(
    (("gate",), ("approval",), ("apply",), ("verify",), ("ask",), ("answer",), ("promote", "", "roll_back"), ("report",)),
    (
        *pairwise(("plan", "gate", "approval", "apply", "verify", "ask", "answer")),
        ("verify", "promote"),
        ("verify", "roll_back"),
        ("answer", "promote"),
        ("answer", "roll_back"),
        ("promote", "roll_back"),
        ("promote", "report"),
        ("roll_back", "report"),
    ),
)
SHAPES = {
    "deploy": Shape(
        (("checkout",), CHECKS, ("plan",), *ROLLOUT.rows),
        (*(("checkout", check) for check in CHECKS), *((check, "plan") for check in CHECKS), *ROLLOUT.edges),
    ),
    "rollback": Shape((("plan",), *ROLLOUT.rows), ROLLOUT.edges),
    "adopt": Shape((("plan",), *ROLLOUT.rows), ROLLOUT.edges),
    "incident": Shape(
        (
            *((name,) for name in ("calm", "look", "suspects", "knowledge", "remedies", "gate", "approval", "apply", "verify")),
            ("watch",),
            ("recheck",),
            ("close", "", "undo"),
            ("", "", "consent"),
            ("", "", "take_back"),
            ("", "", "escalate"),
            ("report",),
        ),
        (
            *pairwise(
                ("calm", "look", "suspects", "knowledge", "remedies", "gate", "approval", "apply", "verify", "watch", "recheck")
            ),
            ("verify", "undo"),
            ("recheck", "close"),
            ("recheck", "undo"),
            ("undo", "consent"),
            ("consent", "take_back"),
            ("take_back", "escalate"),
            ("close", "report"),
            ("escalate", "report"),
        ),
    ),
}
TITLES: dict[str, str | Promise] = {
    "checkout": _("Check out"),
    "code_quality": _("Code quality"),
    "testing": _("Testing"),
    "security": _("Security"),
    "configuration": _("Configuration"),
    "cicd": _("CI/CD"),
    "plan": _("Plan"),
    "gate": _("Policy gate"),
    "approval": _("Approval"),
    "apply": _("Apply"),
    "verify": _("Verify"),
    "ask": _("Ask a person"),
    "answer": _("Answer"),
    "promote": _("Promote"),
    "roll_back": _("Roll back"),
    "report": _("Report"),
    "calm": _("Wait for calm"),
    "look": _("Diagnose"),
    "suspects": _("What changed"),
    "knowledge": _("What is known"),
    "remedies": _("Remedies"),
    "watch": _("Watch"),
    "recheck": _("Look again"),
    "close": _("Close"),
    "undo": _("Way back"),
    "consent": _("Approval"),
    "take_back": _("Take back"),
    "escalate": _("Call a person"),
}


def shape_of(workflow: str, seen: Sequence[str]) -> Shape:
    """The drawing of a workflow; nodes it does not know hang below it in the order they were seen."""
    shape = SHAPES.get(workflow, Shape((), ()))
    known = {name for row in shape.rows for name in row}
    extra = [name for name in dict.fromkeys(seen) if name not in known]
    last = [shape.rows[-1][0]] if shape.rows else []
    return Shape((*shape.rows, *((name,) for name in extra)), (*shape.edges, *pairwise([*last, *extra])))


def title_of(node: str) -> str:
    """A node's name as a person reads it."""
    return str(TITLES.get(node, node.replace("_", " ").capitalize()))
