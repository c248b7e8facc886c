"""Chronicle: what happened in an incident, from rows, the first thing first. Its page and its post-mortem both tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop as noop

from agents.models import Step
from controlplane.core.models import AuditEntry
from workloads.models import Change, Deployment, Examination, Incident

DEPLOY_STEPS = ("verify", "ask", "answer", "roll_back")
STEPS = ("look", "suspects", "remedies", "gate", "apply", "verify", "recheck", "close", "undo", "take_back", "escalate")
OF_CHANGES = ("change.approve", "change.reject", "change.override", "change.expire", "change.cancel", "change.void")
HIDDEN = ("incident.respond", "postmortem.draft")
WORDS = {
    "symptom": noop("The alert began"),
    "deployment": "A release was rolled out",
    "rollback": "A release was rolled back",
    "incident.open": noop("The incident was opened"),
    "incident.reopen": noop("It came back shortly after its end"),
    "incident.mitigate": noop("People are served again; the cause is still there"),
    "incident.resolve": noop("The incident was resolved"),
    "incident.escalate": noop("A person was called"),
    "incident.choose": noop("A remedy was chosen"),
    "postmortem.write": noop("The post-mortem was edited"),
    "change.approve": noop("A change was approved"),
    "change.reject": noop("A change was rejected"),
    "change.override": noop("A change was overridden"),
    "change.expire": noop("A change expired"),
    "change.cancel": noop("A change was withdrawn"),
    "change.void": noop("A change became void"),
    "step.look": "Diagnosed",
    "step.suspects": "What changed lately",
    "step.remedies": "Remedies",
    "step.gate": "A change was proposed",
    "step.apply": "Applied",
    "step.verify": "Verified",
    "step.recheck": "Diagnosed again",
    "step.close": "Closed",
    "step.undo": "Offered to be taken back",
    "step.take_back": "Taken back",
    "step.escalate": "A person was called",
    "step.ask": "A person was asked",
    "step.answer": "A person answered",
    "step.roll_back": "Rolled back",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line. `what` is a key of WORDS; `state` a word of the pages, of `kind`; `page` the subject of more: `run-7?node=look`."""

    at: datetime
    what: str
    text: str = ""
    who: str = ""
    state: str = ""
    kind: str = ""
    page: str = ""
    label: str = ""

    @property
    def words(self) -> str:
        """What happened, in English."""
        return WORDS.get(self.what, self.what)


def moments(incident: Incident) -> list[Moment]:
    """Everything that is told of it, the first thing first."""
    responses = runs_of(incident)
    told = [
        *_symptom(incident),
        *_deployments(incident),
        *_steps([incident.run_number] if incident.run_number else [], DEPLOY_STEPS),
        *_steps(responses, STEPS),
        *_changes(responses),
        *_audit(incident),
    ]
    return sorted(told, key=lambda moment: moment.at)


def runs_of(incident: Incident) -> list[int]:
    """The runs that looked after it, the first one first."""
    found = Examination.objects.filter(incident=incident).values_list("run_number", flat=True)
    return sorted({*found, *([incident.response] if incident.response else [])})


def _symptom(incident: Incident) -> Iterator[Moment]:
    try:
        at = parse_datetime(str(incident.evidence.get("firing since", ""))[:40].replace(" UTC", "Z"))
    except ValueError:
        return
    if at is not None and at.tzinfo is not None and at <= incident.opened_at:
        yield Moment(at, "symptom", str(incident.evidence.get("alert", "")))


def _deployments(incident: Incident) -> Iterator[Moment]:
    """The deployment that caused it, and what undid it."""
    if incident.deployment_id is None:
        return
    undone = Q(kind=Deployment.Kind.ROLL_BACK, previous=incident.deployment_id)
    for row in Deployment.objects.filter(Q(pk=incident.deployment_id) | undone).select_related("release__application"):
        yield Moment(
            at=row.started_at or row.created_at,
            what="rollback" if row.kind == Deployment.Kind.ROLL_BACK else "deployment",
            label=row.release.label,
            text=str(row.evidence.get("summary", "")),
            state=row.status,
            kind="deployment",
            page=f"run-{row.run_number}" if row.run_number else "",
        )


def _steps(runs: list[int], nodes: tuple[str, ...]) -> Iterator[Moment]:
    """What runs found and did."""
    for step in Step.objects.filter(run__in=runs, node__in=nodes, status=Step.Status.DONE, finished_at__isnull=False).defer(
        "evidence"
    ):
        assert step.finished_at is not None
        page = f"run-{step.run_id}?node={step.node}"
        yield Moment(step.finished_at, f"step.{step.node}", step.summary, state=step.verdict or step.status, kind="node", page=page)


def _changes(runs: list[int]) -> Iterator[Moment]:
    """Who decided what of the Changes that were proposed for it."""
    numbers = [str(pk) for pk in Change.objects.filter(run_number__in=runs).values_list("pk", flat=True)]
    rows = AuditEntry.objects.filter(target_type=Change._meta.label_lower, target_id__in=numbers, action__in=OF_CHANGES)
    for row in rows.order_by("number"):
        text = f"{row.target_label}. {row.reason}" if row.reason else row.target_label
        yield Moment(row.at, row.action, text, who=row.actor_label, page=f"change-{row.target_id}")


def _audit(incident: Incident) -> Iterator[Moment]:
    """What the audit says was done with it."""
    rows = AuditEntry.objects.filter(target_type=Incident._meta.label_lower, target_id=str(incident.pk)).exclude(action__in=HIDDEN)
    entries = list(rows.order_by("number"))
    if not any(entry.action == "incident.open" for entry in entries):
        yield Moment(incident.opened_at, "incident.open", state=Incident.Status.OPEN, kind="incident")
    for row in entries:
        state = str((row.after or {}).get("status", "open")) if row.action.startswith("incident.") else ""
        yield Moment(row.at, row.action, row.reason, who=row.actor_label, state=state, kind="incident")
