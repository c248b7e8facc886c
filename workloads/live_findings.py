"""Findings of what runs: each environment on a cluster is looked at again and again, and what is worth mending there is kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from controlplane.core import audit, live
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from workloads import applied, findings, noticing, reporting
from workloads.diagnosis.engine import diagnose
from workloads.diagnosis.findings.everything import findings as found_in
from workloads.diagnosis.findings.lasting import lasting
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.models import Environment, Report, Target
from workloads.reporting import LIVE
from workloads.snapshots import looking, taking
from workloads.snapshots.limits import Limits

LOOK_EVERY = timedelta(minutes=15)
FORMAT = "live"
LIMITS = Limits(seconds=60.0)
ENGINE = Actor.system("cluster findings")


def look_at_all() -> int:
    """Look wherever it is time; return at how many."""
    due = Environment.objects.filter(driver=Environment.Driver.KUBERNETES, active_instance__isnull=False, target__isnull=False)
    before = timezone.now() - LOOK_EVERY
    first_seen = Q(target__noticed_times=1, target__findings_looked_at__lt=timezone.now() - noticing.LOOK_AGAIN_AFTER)
    due = due.filter(Q(target__findings_looked_at=None) | Q(target__findings_looked_at__lt=before) | first_seen)
    found = list(due.select_related("application", "active_instance__release"))
    for environment in found:
        look(environment)
    return len(found)


def look(environment: Environment) -> Report | None:
    """What is worth mending there now, kept as findings of the tool "cluster": new ones were not there with the release before.

    A fault that is there at two looks opens an incident (noticing).
    Why it could not be looked at is kept with the target; then nothing changes. None then, and where nothing is live.
    """
    if environment.active_instance is None:
        return None
    try:
        seen = looking.look(taking.scope_of(environment), LIMITS, applied.manifests_of(environment))
    except TimonelError as error:
        _noted(environment, error.message)
        return None
    view = View(seen.snapshot)
    facts = [_placed(environment, fact) for fact in lasting(view, found_in(view))]
    report = _keep(environment, facts, whole=seen.whole)
    _noted(environment, "" if seen.whole else "; ".join(seen.why))
    noticing.notice(environment, diagnose(seen.snapshot, with_findings=False), whole=seen.whole)
    return report


def _placed(environment: Environment, fact: Fact) -> Fact:
    """An application's environments have their own findings: the path begins with the environment's name."""
    return replace(fact, tool=LIVE, path=f"{environment.name}/{fact.path}")


def _keep(environment: Environment, facts: list[Fact], *, whole: bool) -> Report:
    """One report for each state of things; the same seen again is kept with the report that saw it first."""
    assert environment.active_instance is not None
    commit = environment.active_instance.release.commit
    digest = hashlib.sha256("\n".join(sorted(findings.fingerprints(facts))).encode()).hexdigest()
    with transaction.atomic():
        Target.objects.select_for_update(no_key=True).get(environment=environment)  # one look at a time
        last = Report.objects.filter(environment=environment, tool=LIVE).first()
        again = last is not None and (last.commit, last.sha256) == (commit, digest)
        report = last if again and last else _made(environment, commit, digest)
        before = _before(report)
        known = reporting.fingerprints_of(before) if before else None
        seen = findings.record_look(report, facts, known, f"{environment.name}/", whole=whole)
        reporting.count(report, seen, known or frozenset())
        if not again:
            told = {"environment": str(environment), "facts": report.facts, "new": report.new, "fixed": report.fixed}
            audit.record(ENGINE, "report.look", report, after=told)
            live.ring(f"environment-{environment.pk}", environment=environment.pk)
    return report


def _made(environment: Environment, commit: str, digest: str) -> Report:
    row = Report(environment=environment, application=environment.application, tool=LIVE, format=FORMAT)
    row.commit, row.sha256, row.received_by = commit, digest, ENGINE.label
    row.save()
    before = _before(row)
    row.base_commit = before.commit if before else ""
    row.save(update_fields=["base_commit"])
    return row


def _before(report: Report) -> Report | None:
    """The last look at the release before; of a first release its first look."""
    looks = Report.objects.filter(environment=report.environment, tool=LIVE, pk__lt=report.pk).order_by("pk")
    return looks.exclude(commit=report.commit).last() or looks.first()


def _noted(environment: Environment, trouble: str) -> None:
    told = {"findings_looked_at": timezone.now(), "findings_trouble": trouble[:300]}
    Target.objects.filter(environment=environment.pk).update(**told)
