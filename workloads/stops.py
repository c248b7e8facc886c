"""The stop button: from now on nothing begins in an environment, or anywhere, until somebody who may unlock lifts it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from controlplane.core import audit, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import EVERYWHERE, Verb
from workloads.changes import waiting
from workloads.models import Environment, Stop


def stop(actor: Actor, environment: Environment | None, *, reason: str, rollbacks_pass: bool = True) -> Stop:
    """Stop everything here (None: everywhere). Whoever may run or approve things there may; what runs already may end.

    Rollbacks are let through unless told otherwise. Raises Invalid, Refused, or Conflict where it is stopped already.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("A stop needs a reason.", cure="Say in a sentence why nothing may begin.")
    scopes = environment.scopes if environment else [EVERYWHERE]
    if not rights.may(actor, Verb.APPROVE, scopes):
        rights.demand(actor, Verb.RUN, scopes, f"things {_place(environment)}, nor stop them")
    with transaction.atomic():
        if environment is not None:  # whoever is just beginning has it
            Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
        if _current(environment) is not None:
            raise Conflict(f"Everything {_place(environment)} is stopped already.", cure="Reload to see by whom.")
        made = Stop.objects.create(
            environment=environment,
            stopped_by=actor.label,
            reason=reason[:300],
            rollbacks_pass=rollbacks_pass,
            stopped_at=timezone.now(),
        )
        audit.record(actor, "environment.stop", environment or made, after={"rollbacks_pass": rollbacks_pass}, reason=reason)
        waiting.ring(environment)
    return made


def lift(actor: Actor, environment: Environment | None, *, reason: str) -> Stop:
    """Let things begin again; the stop that was lifted. Whoever waited is looked at again at once."""
    if not reason.strip():
        raise Invalid("Lifting the stop needs a reason.", cure="Say in a sentence why it is safe now.")
    rights.demand(actor, Verb.UNLOCK, environment.scopes if environment else [EVERYWHERE], f"the stop {_place(environment)}")
    with transaction.atomic():
        found = _current(environment)
        if found is None:
            raise Conflict(f"Nothing is stopped {_place(environment)}.", cure="Reload to see how it stands.")
        found.lifted_at = timezone.now()
        found.save(update_fields=["lifted_at"])
        before = {"stopped_by": found.stopped_by, "reason": found.reason}
        audit.record(actor, "environment.lift_stop", environment or found, before=before, reason=reason.strip())
        waiting.reconsider(environment)
    return found


def _current(environment: Environment | None) -> Stop | None:
    return Stop.objects.select_for_update().filter(environment=environment, lifted_at__isnull=True).first()


def _place(environment: Environment | None) -> str:
    return f"in {environment}" if environment else "everywhere"
