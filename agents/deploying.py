"""Asking for a deployment of an image that CI built: checked and made exact before the run begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import runs
from agents.models import Run
from controlplane.core import rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Invalid
from controlplane.core.permissions import Verb
from workloads import registries
from workloads.models import Environment


def start(actor: Actor, environment: Environment, asked: Mapping[str, Any], *, image: str = "", idempotency_key: str) -> Run:
    """Start a deploy run; `image` names what a cluster runs, by digest or by a tag that is made one now.

    Raises Refused where the actor may not run, Invalid for an image that cannot be named exactly or has no place here.
    """
    if not image:
        return runs.start(actor, environment, "deploy", asked, idempotency_key=idempotency_key)
    if actor.kind != ActorKind.SYSTEM:  # before a registry is asked on their behalf
        rights.demand(actor, Verb.RUN, environment.scopes, f"in {environment}")
    if environment.driver != Environment.Driver.KUBERNETES:
        raise Invalid(f"{environment} runs processes on this machine, not images.", cure="Leave the image out.")
    pinned = registries.pin(image)
    return runs.start(actor, environment, "deploy", {**asked, "image": pinned.pinned}, idempotency_key=idempotency_key)
