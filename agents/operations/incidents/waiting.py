"""Waiting: until nothing is under way, and for a while after a repair. Nothing is held meanwhile: others may run."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from agents.context import Context
from agents.models import Step
from workloads import examinations
from workloads.evidence import Assessment
from workloads.models import Action, Change, Deployment, Incident
from workloads.verdicts import Verdict

ASK_AGAIN = timedelta(seconds=15)
MERGE_LOOK = timedelta(minutes=1)
AT_MOST = timedelta(minutes=30)  # what is under way for longer hangs, and is a fault of its own


def calm(context: Context, incident_id: int, round: int) -> Assessment:
    """Data: `wait` for the question about a release, or for a moment; else the next `round`."""
    incident = Incident.objects.select_related("environment__application").get(pk=incident_id)
    data = {"round": round + 1, "over": incident.status == Incident.Status.RESOLVED}
    if data["over"]:
        return Assessment(Verdict.PASSED, "The incident was resolved meanwhile.", data=data)
    asking = Change.objects.filter(
        environment=incident.environment_id,
        status__in=[Change.Status.WAITING, Change.Status.APPROVED],
        actions__kind=Action.Kind.PROMOTE,
    ).first()
    if asking is not None:
        context.say(f"Change {asking.pk} asks whether a release is kept here. Its answer comes first.")
        return Assessment(Verdict.NOT_EVALUATED, asking.title, data={"wait": {"change": asking.pk}})
    busy = examinations.under_way(incident.environment)
    if busy is not None and _since(busy) > timezone.now() - AT_MOST:
        context.say(f"{busy} is under way here. What is half done is no fault: waiting until it is over.")
        return Assessment(Verdict.NOT_EVALUATED, str(busy), data={"wait": _until(timezone.now() + ASK_AGAIN)})
    return Assessment(Verdict.PASSED, "Nothing else is under way here.", data=data)


def watched(context: Context, incident_id: int) -> Assessment:
    """Data: `wait` as long as its time is not over and nobody resolved it."""
    lasting = timedelta(seconds=settings.INCIDENT_WATCH_SECONDS)
    step = Step.objects.filter(run=context.run, node="verify", status=Step.Status.DONE).latest("pk")
    over = is_over(incident_id)
    until = (step.finished_at or timezone.now()) + lasting
    if not over and until > timezone.now():
        context.say(f"Watching until {until:%H:%M:%S} UTC whether it comes back.")
        return Assessment(Verdict.NOT_EVALUATED, "Watching.", data={"wait": _until(until)})
    return Assessment(Verdict.PASSED, f"It was watched for {lasting.total_seconds():.0f} s.")


def for_people() -> dict[str, str]:
    """A while, after which it is looked whether they merged it."""
    return _until(timezone.now() + MERGE_LOOK)


def is_over(incident_id: int) -> bool:
    """Whether somebody resolved it."""
    return Incident.objects.filter(pk=incident_id, status=Incident.Status.RESOLVED).exists()


def _since(busy: Change | Deployment) -> datetime:
    if isinstance(busy, Deployment):
        return busy.started_at or busy.created_at
    begun = busy.actions.filter(started_at__isnull=False).order_by("started_at").values_list("started_at", flat=True).first()
    return begun or busy.decided_at or busy.created_at


def _until(moment: datetime) -> dict[str, str]:
    return {"until": moment.isoformat()}
