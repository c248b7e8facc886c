"""How environments stand, decided by the database: in trouble, waiting for somebody, at work, or as they should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.models import Run
from workloads.models import Change, Deployment, Drift, Environment, EnvironmentLock, Incident, Instance, Stop

UNDER_WAY = (Run.Status.QUEUED, Run.Status.RUNNING)
UNRESOLVED = (Incident.Status.OPEN, Incident.Status.MITIGATED)
FAILED = (Deployment.Status.FAILED, Deployment.Status.ROLLED_BACK)
SHOWN: dict[str, str | Promise] = {
    "trouble": _("In trouble"),
    "waiting": _("Waiting for approval"),
    "running": _("A run under way"),
    "healthy": _("Verified and live"),
}


@dataclass(frozen=True, slots=True)
class Sums:
    """How many environments stand how."""

    trouble: int
    running: int
    healthy: int


def annotated(environments: QuerySet[Environment], now: datetime) -> QuerySet[Environment]:
    """The environments, each with the yes or no of `incident`, `trouble`, `waiting`, `stopped`, `locked` and `drifted`.

    They can be filtered by every word of `SHOWN`.
    Each condition is a set that is made once, small beside what it is made from, and looked into for each row.
    """
    incident = Q(pk__in=_with_incidents())
    wrong = _among(list(_with_incidents().union(_stuck(), _crashing(), _ended_badly())))
    waiting = Change.objects.filter(status=Change.Status.WAITING, expires_at__gt=now)
    live = Deployment.objects.filter(status=Deployment.Status.LIVE, verdict="passed")
    stopped = Stop.objects.filter(lifted_at__isnull=True).order_by()
    return environments.annotate(
        incident=_yes(incident),
        trouble=_yes(wrong),
        waiting=_yes(Q(pk__in=waiting.values("environment"))),
        stopped=_yes(Q(pk__in=stopped.values("environment")) | Q(Exists(stopped.filter(environment__isnull=True)))),
        locked=_yes(Q(pk__in=EnvironmentLock.objects.filter(released_at__isnull=True, expires_at__gt=now).values("environment"))),
        drifted=_yes(Q(pk__in=Drift.objects.filter(status=Drift.Status.STANDING).order_by().values("environment"))),
    ).alias(
        running=_yes(Q(pk__in=Run.objects.filter(finished_at__isnull=True, status__in=UNDER_WAY).values("environment"))),
        healthy=_yes(Q(pk__in=live.values("environment")) & ~wrong),
    )


def with_deployments(environments: QuerySet[Environment]) -> QuerySet[Environment]:
    """The environments, each with the numbers of its `latest_deployment` and its `live_deployment`."""
    of = Deployment.objects.filter(environment=OuterRef("pk"))
    live = of.filter(status=Deployment.Status.LIVE)
    return environments.annotate(
        latest_deployment=Subquery(of.order_by("-pk").values("pk")[:1]), live_deployment=Subquery(live.values("pk")[:1])
    )


def sums(environments: QuerySet[Environment]) -> Sums:
    """Counts of annotated environments."""
    words = ("trouble", "running", "healthy")
    counted = environments.aggregate(**{f"in_{word}": Count("pk", filter=Q(**{word: True})) for word in words})
    return Sums(*(counted[f"in_{word}"] for word in words))


def _with_incidents() -> QuerySet[Incident, Any]:
    return Incident.objects.filter(status__in=UNRESOLVED).order_by().values_list("environment", flat=True)


def _stuck() -> QuerySet[Run, Any]:
    rows = Run.objects.filter(finished_at__isnull=True, status=Run.Status.STUCK)
    return rows.order_by().values_list("environment", flat=True)


def _ended_badly() -> QuerySet[Deployment, Any]:
    """The environments whose latest deployment failed."""
    latest = Deployment.objects.filter(environment=OuterRef("environment")).order_by("-pk").values("pk")[:1]
    failed = Deployment.objects.filter(status__in=FAILED, pk=Subquery(latest))
    return failed.order_by().values_list("environment", flat=True)


def _crashing() -> QuerySet[Environment, Any]:
    """The environments whose stable address leads to what crashes."""
    crashing = Instance.objects.filter(status=Instance.Status.CRASHING)
    rows = Environment.objects.annotate(shown=Coalesce("routed_instance", "active_instance"))
    return rows.filter(shown__in=crashing.values("pk")).order_by().values_list("pk", flat=True)


def _among(keys: list[int]) -> Q:
    """The rows with one of these keys, sent as one array where `in` would write thousands of parameters."""
    array = Cast(Value(keys), ArrayField(BigIntegerField()))
    return Q(Func(F("pk"), array, template="(%(expressions)s))", arg_joiner=" = ANY(", output_field=BooleanField()))


def _yes(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
