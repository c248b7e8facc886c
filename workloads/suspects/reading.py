"""What happened in an environment, from its rows and from what a Snapshot saw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime

from controlplane.core.models import AuditEntry
from controlplane.core.redaction import redact
from workloads.models import Action, Approval, Change, Deployment, Drift, Environment, Target
from workloads.suspects.ranking import LOOK_BACK, SLACK, Happening, Kind

MOST_OF_EACH = 50
EARLIEST = timedelta(hours=6)  # what began longer before the incident was opened is not its first symptom
SEEN = {"event", "log", "metric", "alert"}  # kinds of evidence that tell when something showed
DEPLOYS = (Action.Kind.ROLL_OUT, Action.Kind.ROLL_BACK, Action.Kind.PROMOTE)
WRITES = {
    "ScalingReplicaSet",
    "SuccessfulRescale",
    "NodeNotReady",
    "NodeNotSchedulable",
    "Preempted",
    "TaintManagerEviction",
    "SuccessfulDelete",
    "DisruptionTarget",
}
WRITTEN_BY = re.compile(r"^(?P<manager>.{1,200}?) \((?P<at>\d{4}-\d\d-\d\dT[\d:.]+Z)\)$")
LATER = "what runs gets it with the next deployment only"
Json = Mapping[str, Any]


def onset(opened: datetime, evidence: Json, hypotheses: Sequence[Json]) -> datetime:
    """When the first symptom showed, as far as the alert and the evidence of the best hypothesis tell."""
    told = [str(evidence.get("firing since", ""))]
    told += [str(proof.get("at", "")) for one in hypotheses[:1] for proof in one.get("evidence", ()) if proof.get("source") in SEEN]
    times = [moment for moment in map(_moment, told) if moment is not None]
    return min([moment for moment in times if opened - EARLIEST <= moment <= opened] or [opened])


def happenings(environment: Environment, until: datetime, objects: Sequence[Json] = ()) -> list[Happening]:
    """Everything that was changed there in the day before `until`; `objects` are those of a Snapshot, for its events."""
    since = until - LOOK_BACK
    found = [
        *_deployments(environment, since),
        *_changes(environment, since),
        *_configuration(environment, since),
        *_drifts(environment, since),
        *_events(objects),
    ]
    return [one for one in found if since <= one.at <= until + SLACK]


def _deployments(environment: Environment, since: datetime) -> Iterator[Happening]:
    rows = Deployment.objects.filter(environment=environment, started_at__gte=since).select_related("release__application")
    for row in rows.order_by("-pk")[:MOST_OF_EACH]:
        assert row.started_at is not None
        back = row.kind == Deployment.Kind.ROLL_BACK
        title = f"{row.release.label} was {'rolled back to' if back else 'rolled out'} ({row.get_status_display()})"
        page = f"run-{row.run_number}" if row.run_number else ""
        note = redact(row.release.message.split("\n")[0][:120]) if row.release.message else ""
        yield Happening(Kind.DEPLOYMENT, row.started_at, title, page=page, note=note)


def _changes(environment: Environment, since: datetime) -> Iterator[Happening]:
    """What was applied and is no deployment: repairs, restores."""
    rows = Change.objects.filter(environment=environment, applied_at__gte=since, status=Change.Status.APPLIED)
    rows = rows.exclude(actions__kind__in=DEPLOYS).defer("preview")
    for row in rows.order_by("-pk")[:MOST_OF_EACH]:
        assert row.applied_at is not None
        last: Approval | None = row.approvals.order_by("-pk").first()
        who = last.decided_by if last else row.proposed_by
        yield Happening(Kind.CHANGE, row.applied_at, redact(row.title), who=who, page=f"change-{row.pk}")


def _configuration(environment: Environment, since: datetime) -> Iterator[Happening]:
    """Who wrote variables, or the settings of the environment and of its place on a cluster."""
    target = Target.objects.filter(environment=environment).values_list("pk", flat=True).first()
    places = [(Environment._meta.label_lower, environment.pk), (Target._meta.label_lower, target)]
    for kind, number in places:
        rows = AuditEntry.objects.filter(target_type=kind, target_id=str(number), at__gte=since)
        for row in rows.order_by("-number")[:MOST_OF_EACH]:
            title = _written(row)
            if title:
                yield Happening(Kind.CONFIGURATION, row.at, title, who=row.actor_label, note=LATER)


def _written(row: AuditEntry) -> str:
    after, before = row.after or {}, row.before or {}
    if row.action == "environment.set_variables":
        return f"Variables were set: {', '.join(map(str, after.get('set', [])))}"[:300]
    if row.action == "environment.remove_variable":
        return f"Variables were removed: {', '.join(map(str, before.get('had', [])))}"[:300]
    if row.action in {"environment.change", "target.change"}:
        return f"The settings of {row.target_label} were changed"[:300]
    return ""


def _drifts(environment: Environment, since: datetime) -> Iterator[Happening]:
    """What others wrote on the cluster, with the hand that the cluster says wrote it."""
    rows = Drift.objects.filter(environment=environment, found_at__gte=since)
    for row in rows.order_by("-pk")[:MOST_OF_EACH]:
        for found in row.objects_found[:1]:
            for one in found.get("differences", [])[:MOST_OF_EACH]:
                name = f"{one.get('kind', '')}/{one.get('name', '')}"
                who, at = _hand(one)
                text = "is gone" if one.get("what") == "create" else "is no longer as it was applied"
                page = f"environment-{environment.pk}"
                yield Happening(Kind.DRIFT, at or row.found_at, redact(f"{name} {text}"), redact(who), (name,), page)


def _hand(one: Json) -> tuple[str, datetime | None]:
    for clash in one.get("clashes", ()):
        told = str(clash.get("manager", ""))
        match = WRITTEN_BY.match(told)
        if match:
            return match["manager"], _moment(match["at"])
        if told:
            return told, None
    return "", None


def _events(objects: Sequence[Json]) -> Iterator[Happening]:
    """What the cluster says that it did by itself."""
    for item in objects:
        if item.get("kind") != "Event" or item.get("reason") not in WRITES:
            continue
        at = _moment(str(item.get("firstTimestamp") or item.get("eventTime") or item.get("lastTimestamp") or ""))
        about = item.get("involvedObject") or item.get("regarding") or {}
        name = f"{about.get('kind', '')}/{about.get('name', '')}"
        if at is not None:
            said = redact(f"{item['reason']} of {name}: {item.get('message', '')}")[:300]
            yield Happening(Kind.CLUSTER, at, said, objects=(name,))


def _moment(text: str) -> datetime | None:
    """A time as Kubernetes, Alertmanager or Prometheus write it; None for anything else."""
    try:
        found = parse_datetime(text[:40].replace(" UTC", "Z"))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
