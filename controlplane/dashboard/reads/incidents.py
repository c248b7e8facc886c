"""An incident as its page tells it: what went wrong, what was undone, who said it is over and why, in the order it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Step
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry
from controlplane.dashboard.shapes import title_of
from workloads import visibility
from workloads.models import Deployment, Incident

TOLD_STEPS = ("verify", "ask", "answer", "roll_back")
SAID: dict[str, str | Promise] = {
    "incident.open": gettext_lazy("The incident was opened"),
    "incident.reopen": gettext_lazy("It came back shortly after its end"),
    "incident.mitigate": gettext_lazy("People are served again; the cause is still there"),
    "incident.resolve": gettext_lazy("The incident was resolved"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the story. `state` is a word of the vocabulary, of `kind`; `who` did it; `url` leads to more."""

    at: datetime
    title: str
    text: str = ""
    who: str = ""
    state: str = ""
    kind: str = ""
    url: str = ""


def story(actor: Actor, incident: Incident) -> list[Moment]:
    """What happened, the first thing first; of an incident that the actor may see."""
    told = [*_deployments(actor, incident), *_steps(incident), *_decisions(incident)]
    return sorted(told, key=lambda moment: moment.at)


def _deployments(actor: Actor, incident: Incident) -> Iterator[Moment]:
    """The deployment that caused it, and what undid it."""
    if incident.deployment_id is None:
        return
    undone = Q(kind=Deployment.Kind.ROLL_BACK, previous=incident.deployment_id)
    for row in visibility.deployments(actor).filter(Q(pk=incident.deployment_id) | undone):
        back = row.kind == Deployment.Kind.ROLL_BACK
        title = _("Rolled back to %(release)s") if back else _("%(release)s was rolled out")
        yield Moment(
            at=row.started_at or row.created_at,
            title=title % {"release": row.release.label},
            text=str(row.evidence.get("summary", "")),
            state=row.status,
            kind="deployment",
            url=reverse("run", args=[row.run_number]) if row.run_number else "",
        )


def _steps(incident: Incident) -> Iterator[Moment]:
    """The verdict that opened it, and what the run did then."""
    if incident.run_number is None:
        return
    for step in Step.objects.filter(run=incident.run_number, node__in=TOLD_STEPS, finished_at__isnull=False):
        assert step.finished_at is not None
        yield Moment(
            at=step.finished_at,
            title=title_of(step.node),
            text=step.summary,
            state=step.verdict or step.status,
            kind="node",
            url=f"{reverse('run', args=[step.run_id])}?node={step.node}",
        )


def _decisions(incident: Incident) -> Iterator[Moment]:
    """What the audit says was done with it."""
    entries = list(AuditEntry.objects.filter(target_type=incident._meta.label_lower, target_id=str(incident.pk)))
    if not any(entry.action == "incident.open" for entry in entries):
        yield Moment(incident.opened_at, str(SAID["incident.open"]), state=Incident.Status.OPEN, kind="incident")
    for entry in entries:
        state = (entry.after or {}).get("status") or Incident.Status.OPEN
        title = str(SAID.get(entry.action, entry.action))
        yield Moment(entry.at, title, entry.reason, entry.actor_label, str(state), "incident")
