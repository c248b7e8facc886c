"""What a person may see, in the words of pages: every read starts here, with the actor first."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound
from controlplane.core.permissions import Verb
from workloads import visibility
from workloads.models import Environment

Row = TypeVar("Row", bound=Model)


def environments(actor: Actor, verb: Verb = Verb.VIEW) -> QuerySet[Environment]:
    """The environments where the actor has the verb."""
    return Environment.objects.filter(visibility.within_reach(actor, verb=verb)).select_related("application")


def one(rows: QuerySet[Row], what: str, **where: object) -> Row:
    """The one row, or NotFound in the same words whether it does not exist or may not be seen."""
    row = rows.filter(**where).first()
    if row is None:
        raise NotFound(f"There is no such {what}, or you may not see it.", cure="Go back to the overview, or ask for a role there.")
    return row
