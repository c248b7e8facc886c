"""Rights as conditions of a query: what a person may not see is never loaded."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.permissions import EVERYWHERE, Reach, Verb
from controlplane.core.reading import once
from workloads.models import Application, Change, Deployment, Environment, Finding, Incident, Release, Report


def within_reach(actor: Actor, environment: str = "", verb: Verb = Verb.VIEW) -> Q:
    """The condition for rows whose environment (`environment` is the path to it; empty: the row itself) is in reach.

    By number, so that the database uses its index on them however many rows belong to others.
    """
    reach = rights.reach(actor, verb)
    if reach.everywhere:
        return Q()
    return Q(**{f"{environment or 'pk'}__in": once(("environments", reach), lambda: _environments_of(reach))})


def within_reach_with_clusters(actor: Actor) -> Q:
    """The same for rows that may be of a whole cluster (they have no environment): those are for who administers everything."""
    if actor.at_the_terminal or rights.may(actor, Verb.ADMINISTER, [EVERYWHERE]):
        return Q()
    return Q(environment__isnull=False) & within_reach(actor, "environment")


def _environments_of(reach: Reach) -> list[int]:
    if not reach.applications:
        return sorted(reach.environments)
    mine = Environment.objects.filter(Q(pk__in=reach.environments) | Q(application__in=reach.applications))
    return list(mine.values_list("pk", flat=True))


def scopes(actor: Actor) -> frozenset[str] | None:
    """The scopes in which the actor may see, as `knowledge` has them; None: all there are. What is everyone's is theirs who may
    see anything, what is an application's theirs who may see any of it, what is an environment's theirs who may see that one."""
    if rights.reach(actor, Verb.VIEW).everywhere:
        return None
    mine = [f"application/{pk}" for pk in applications(actor).values_list("pk", flat=True)]
    here = [f"environment/{pk}" for pk in Environment.objects.filter(within_reach(actor)).values_list("pk", flat=True)]
    return frozenset([EVERYWHERE, *mine, *here] if mine or here else ())


def applications(actor: Actor) -> QuerySet[Application]:
    """The applications of which the actor may see anything."""
    reach = rights.reach(actor, Verb.VIEW)
    if reach.everywhere:
        return Application.objects.all()
    through = Environment.objects.filter(pk__in=reach.environments).values("application")
    return Application.objects.filter(Q(pk__in=reach.applications) | Q(pk__in=through))


def environments(actor: Actor) -> QuerySet[Environment]:
    """The environments the actor may see."""
    return Environment.objects.filter(within_reach(actor)).select_related("application")


def changes(actor: Actor) -> QuerySet[Change]:
    """The changes the actor may see, newest first."""
    return Change.objects.filter(within_reach(actor, "environment")).select_related("environment__application")


def deployments(actor: Actor) -> QuerySet[Deployment]:
    """The deployments the actor may see, newest first."""
    related = "environment__application", "release__application", "previous__release__application", "change"
    return Deployment.objects.filter(within_reach(actor, "environment")).select_related(*related)


def incidents(actor: Actor) -> QuerySet[Incident]:
    """The incidents the actor may see, newest first."""
    return Incident.objects.filter(within_reach(actor, "environment")).select_related(
        "environment__application", "deployment__release"
    )


def releases(actor: Actor) -> QuerySet[Release]:
    """The releases the actor may see: those of an application belong to whoever may see any of it."""
    return Release.objects.filter(application__in=applications(actor)).select_related("application")


def reports(actor: Actor) -> QuerySet[Report]:
    """The reports the actor may see: those on an application belong to whoever may see any of it."""
    return Report.objects.filter(application__in=applications(actor)).select_related("application")


def findings(actor: Actor) -> QuerySet[Finding]:
    """The findings the actor may see: those of an application belong to whoever may see any of it."""
    return Finding.objects.filter(application__in=applications(actor)).select_related("application")
