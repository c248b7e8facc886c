"""In whose name a run acts."""

from __future__ import annotations

from agents.context import Context
from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import User


def actor_of(context: Context) -> Actor:
    """Who asked for the run: a person, or a part of Timonel (the terminal, the demonstration)."""
    run = Run.objects.select_related("requested_by").get(pk=context.run)
    return Actor.person(run.requested_by) if run.requested_by else Actor.system(run.requested_by_label)


def engine(context: Context) -> Actor:
    """The run itself, for what follows without anybody asking."""
    return Actor.system(f"run {context.run}")


def proposers(context: Context) -> list[User]:
    """Who may not approve what this run proposes."""
    run = Run.objects.select_related("requested_by").get(pk=context.run)
    return [run.requested_by] if run.requested_by else []
