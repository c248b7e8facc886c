"""An incident in the middle: diagnosed, its usual suspect named, a repair that waits for approval, a post-mortem drafted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from agents.models import Run, Step
from controlplane.core.actors import Actor
from workloads import actions, changes, incidents, postmortems
from workloads.foreseen import Clash, Difference, Foreseen
from workloads.models import Change, Diagnosis, Environment, Examination, Incident
from workloads.policy import Judgement
from workloads.verdicts import Verdict

SYSTEM = Actor.system("webhook alertmanager")
DIFF = "@@ -3,5 +3,5 @@\n spec:\n   selector:\n-    app: billing-wbe\n+    app: billing-web\n   ports:\n   - port: 80"
SCALED = "@@ -2,3 +2,3 @@\n spec:\n-  replicas: 0\n+  replicas: 3\n   selector:"
SELECTOR = Difference("Service", "billing-web", "change", DIFF, "1", (Clash("kubectl-edit", (".spec.selector.app",)),))
WORLD = Foreseen("europe/shop", differences=(SELECTOR,), same=11)
SCALE = Foreseen("europe/shop", differences=(Difference("Deployment", "billing-rates", "change", SCALED, "2"),), same=11)
ADDRESS = "http://prometheus.example.org/graph?g0.expr=" + "sum(rate(http_requests_total%5B5m%5D))" * 4


def add(environment: Environment, now: datetime | None = None) -> Incident:
    """Write it into the database, as of now."""
    now = now or timezone.now()
    evidence = {
        "summary": "More than 5 % of requests fail for five minutes.",
        "alert": "HighErrorRate",
        "severity": "page",
        "labels": {"alertname": "HighErrorRate", "service": "billing-web", "namespace": "shop"},
        "firing since": (now - timedelta(minutes=9)).isoformat(),
        "source": ADDRESS,
    }
    title = "HighErrorRate: More than 5 % of requests fail for five minutes."
    incident = incidents.open_for_alert(
        SYSTEM, environment, "HighErrorRate service/billing-web", title, evidence, about="service/billing-web"
    )
    run = _run(environment, incident, now)
    found = _diagnosis(environment, incident, now)
    change = _change(environment, run)
    _examination(incident, run, found, change, now)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.WAITING, waiting_for=change)
    more = {"response": run.pk, "diagnosed": HYPOTHESES[0]["summary"], "alert_count": 3, "firing_count": 2}
    Incident.objects.filter(pk=incident.pk).update(opened_at=now - timedelta(minutes=4), **more)
    incident.refresh_from_db()
    postmortems.draft(Actor.system(f"run {run.pk}"), incident, DRAFT)
    return incident


def _run(environment: Environment, incident: Incident, now: datetime) -> Run:
    run = Run.objects.create(
        workflow="incident",
        environment=environment,
        input={"incident": incident.pk},
        requested_by_label="incidents",
        idempotency_key=f"incident-{incident.pk}-after-0",
        started_at=now - timedelta(minutes=4),
    )
    at = now - timedelta(minutes=4)
    for node, summary in STEPS.items():
        end = at + timedelta(seconds=9)
        Step.objects.create(
            run=run, node=node, status="done", verdict=Verdict.PASSED, summary=summary, started_at=at, finished_at=end
        )
        at = end
    Step.objects.create(run=run, node="approval", status=Step.Status.WAITING, started_at=at)
    return run


def _diagnosis(environment: Environment, incident: Incident, now: datetime) -> Diagnosis:
    return Diagnosis.objects.create(
        environment=environment,
        incident=incident,
        status="done",
        verdict="fault",
        summary=HYPOTHESES[0]["summary"],
        hypotheses=HYPOTHESES,
        asked_by="run",
        asked_at=now - timedelta(minutes=4),
        begun_at=now - timedelta(minutes=4),
        finished_at=now - timedelta(minutes=3, seconds=51),
    )


def _change(environment: Environment, run: Run) -> Change:
    draft = actions.restore(WORLD)
    preview = actions.preview(environment, [draft])
    judged = Judgement("low", ("It changes one Service and no pod.",), 1, "approver", False, timedelta(hours=24))
    title = "Let the selector of Service billing-web be app=billing-web (it is app=billing-wbe)"
    return changes.propose(
        Actor.system(f"run {run.pk}"),
        environment,
        title,
        [draft],
        preview,
        judged,
        run_number=run.pk,
        idempotency_key=f"run-{run.pk}-gate-1",
    )


def _examination(incident: Incident, run: Run, found: Diagnosis, change: Change, now: datetime) -> None:
    remedies = [{**REMEDIES[0], "change": change.pk}, *REMEDIES[1:]]
    suspects = [{**one, "at": (now - timedelta(minutes=ago)).isoformat()} for ago, one in SUSPECTS]
    Examination.objects.create(
        incident=incident,
        number=1,
        run_number=run.pk,
        round=1,
        begun_at=now - timedelta(minutes=4),
        diagnosis=found,
        standing="fault",
        summary=found.summary,
        onset_at=now - timedelta(minutes=9),
        suspects=suspects,
        remedies=remedies,
        change=change,
    )


def _proof(source: str, where: str, text: str) -> dict[str, str]:
    return {"source": source, "where": where, "text": text, "at": ""}


HYPOTHESES: list[dict[str, Any]] = [
    {
        "fault": "service_selector_mismatch",
        "object": "app/billing-web",
        "namespace": "shop",
        "confidence": 0.94,
        "summary": "Service billing-web selects app=billing-wbe, a label that no pod has; its pods have app=billing-web.",
        "evidence": [
            _proof("object", "Service/billing-web", "selector app=billing-wbe meets 0 of 6 pods"),
            _proof("declared", "Service/billing-web", "was applied with selector app=billing-web"),
            _proof("metric", "http_requests_total{service=billing-web}", "the share of failures rose from 0.1 % to 38 %"),
        ],
        "remedies": [],
        "contradictions": [],
    },
    {
        "fault": "deployment_zero_replicas",
        "object": "app/billing-rates",
        "namespace": "shop",
        "confidence": 0.31,
        "summary": "Deployment billing-rates is scaled to zero while billing-web calls it.",
        "evidence": [_proof("object", "Deployment/billing-rates", "replicas 0, declared 3")],
        "remedies": [],
        "contradictions": ["billing-web failed before billing-rates was scaled down."],
    },
]


def _remedy(key: str, kind: str, summary: str, risk: str, index: int, world: Foreseen | None, why_not: str = "") -> dict[str, Any]:
    told = {
        "key": key,
        "kind": kind,
        "label": kind,
        "repair": {},
        "summary": summary,
        "risk": risk,
        "reversible": kind != "roll_back",
    }
    hypothesis = HYPOTHESES[index]
    about = {
        "hypothesis": index,
        "fault": hypothesis["fault"],
        "object": hypothesis["object"],
        "confidence": hypothesis["confidence"],
    }
    return {**told, **about, "world": world.as_json() if world else {}, "why_not": why_not}


REMEDIES = (
    _remedy(
        "a1" * 8,
        "fix_service",
        "Let the selector of Service billing-web be app=billing-web (it is app=billing-wbe)",
        "low",
        0,
        WORLD,
    ),
    _remedy("b2" * 8, "scale", "Scale Deployment billing-rates to 3 (as declared; it is 0)", "medium", 1, SCALE),
    _remedy(
        "c3" * 8, "roll_back", "Roll back to 2.2.0", "low", 0, None, "Automation is held here since a rollback: a person decides."
    ),
)


def _suspect(kind: str, title: str, who: str, page: str, *why: str) -> dict[str, Any]:
    return {"kind": kind, "title": title, "who": who, "page": page, "objects": [], "score": 1.0, "why": list(why)}


TOUCHES = "it touches Service/billing-web"
SUSPECTS = (
    (
        11,
        _suspect(
            "drift",
            "Service/billing-web is no longer as it was applied",
            "kubectl-edit",
            "",
            "2 minutes before the first symptom",
            TOUCHES,
        ),
    ),
    (24, _suspect("deployment", "2.4.0 was rolled out (rolled back)", "", "", "15 minutes before the first symptom")),
    (55, _suspect("configuration", "Variables were set: RATES_URL", "alice", "", "46 minutes before the first symptom")),
)
STEPS = {
    "calm": "Nothing else is under way here.",
    "look": HYPOTHESES[0]["summary"],
    "suspects": "The usual suspect: Service/billing-web is no longer as it was applied, 2 minutes before the first symptom.",
    "knowledge": "Kubernetes: Debug Services (corpus) may help.",
    "remedies": "The best remedy: Let the selector of Service billing-web be app=billing-web (it is app=billing-wbe)",
    "gate": "Waiting for 1 with the role approver.",
}
DRAFT = """# HighErrorRate: More than 5 % of requests fail for five minutes.

In billing/production, opened 2026-11-30 04:10 UTC, not resolved yet.

## Cause

`service_selector_mismatch` at `app/billing-web`, 94% sure.

## What to change so that it does not happen again

- [ ] Keep Services, routes and workloads in one manifest, with one set of labels and named ports that both refer to.
"""
