"""A fault that a look at a cluster finds by itself opens an incident; one that it finds no more is over.

It must be there at two looks: what a rollout, a restart or a moved pod shows in passing is none. Where people know of it already
(an alert of the same object, a deployment that failed, a diagnosis that says the same) nothing more is opened.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, QuerySet

from controlplane.core.actors import Actor
from workloads import deployments, incidents
from workloads.diagnosis.answers import Diagnosis as Answer
from workloads.diagnosis.answers import Hypothesis, Standing
from workloads.models import Change, Deployment, Diagnosis, Environment, Incident, Target

ENGINE = Actor.system("cluster findings")
LOOK_AGAIN_AFTER = timedelta(minutes=2)  # at what was seen for the first time
GONE = "Two looks at what runs find it no more."
Opener = Incident.Opener


def notice(environment: Environment, found: Answer, *, whole: bool = True) -> Incident | None:
    """What a look concluded about an environment: the incident of the fault that it found, or None. Nothing while a change works.

    `whole`: everything that may be read was read; only such a look says that something is over.
    """
    if _is_busy(environment):
        return None
    if found.standing is Standing.FAULT:
        return _fault(environment, found.hypotheses[0], found.summary)
    if found.standing is Standing.HEALTHY and whole and _seen(environment, str(Standing.HEALTHY)):
        for row in _open(environment).filter(opener=Opener.LOOK).select_related("environment__application"):
            incidents.over(ENGINE, row, GONE)
    return None


def _fault(environment: Environment, first: Hypothesis, summary: str) -> Incident | None:
    cause = f"fault {first.fault} {first.namespace}/{first.object}"
    evidence = {
        "summary": summary,
        "fault": first.fault,
        "object": first.object,
        "confidence": first.confidence,
        "evidence": [f"{proof.where}: {proof.text}" for proof in first.evidence],
    }
    wanted = incidents.draft(environment, Opener.LOOK, cause, summary, evidence, about=first.object)
    if not _seen(environment, wanted.cause) or _is_known(environment, first, wanted):
        return None
    return incidents.open_of(ENGINE, wanted)


def _seen(environment: Environment, what: str) -> bool:
    """Whether the look before saw the same; it is kept for the look after."""
    row = Target.objects.filter(environment=environment)
    again = row.filter(noticed=what).update(noticed_times=F("noticed_times") + 1)
    if not again:
        row.update(noticed=what, noticed_times=1)
    return bool(again)


def _is_known(environment: Environment, first: Hypothesis, wanted: Incident) -> bool:
    """Whether people know of it: of the same object by name, by a failed deployment, or by a diagnosis of an open incident."""
    name = first.object.partition("/")[2]
    others = _open(environment).exclude(cause=wanted.cause)
    if any(row.opener == Opener.DEPLOYMENT or (name and row.about.partition("/")[2] == name) for row in others):
        return True
    told = Diagnosis.objects.filter(incident__in=others, status=Diagnosis.Status.DONE, verdict=Diagnosis.Verdict.FAULT)
    said = [found[0] for found in told.order_by("-pk").values_list("hypotheses", flat=True)[:20] if found]
    return any((one.get("fault"), one.get("object")) == (first.fault, first.object) for one in said)


def _is_busy(environment: Environment) -> bool:
    """Whether what is seen there may come from a change under way."""
    applying = Change.objects.filter(environment=environment, status=Change.Status.APPLYING)
    return applying.exists() or Deployment.objects.filter(environment=environment, status__in=deployments.UNDER_WAY).exists()


def _open(environment: Environment) -> QuerySet[Incident]:
    return Incident.objects.filter(environment=environment, status__in=incidents.UNRESOLVED)
