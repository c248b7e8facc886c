"""The picture of an environment on its cluster, for pages: from warm views, in a short time, or the last one there was."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from redis import RedisError

from controlplane.core.errors import NotFound, TimonelError
from controlplane.core.redaction import disguised, redact
from workloads import clusters
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.failures import Absent, Forbidden, Unauthorized
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.adapters.kubernetes.metered import METERS
from workloads.adapters.kubernetes.view import VIEWS, Look, View
from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.errand import secrets_in
from workloads.models import Applied, Environment, Instance, Target
from workloads.topology.drawing import KINDS, World, picture
from workloads.topology.picture import Picture

WAIT = 2.0  # seconds for a cluster that nobody looked at yet
POLL = 0.05
NEEDED = ("Pod", "Deployment", "Service")
KEPT, KEPT_EVERY = 86_400, 30.0  # seconds: how long the last picture is kept, and how often
KEPT_PODS = 2_000
_kept_at: dict[int, float] = {}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known: the picture (None: never seen), when the cluster confirmed it, and what keeps it from doing so now."""

    picture: Picture | None
    at: datetime | None = None
    trouble: str = ""
    cure: str = ""

    @property
    def fresh(self) -> bool:
        """Whether it is how things are now."""
        return self.picture is not None and not self.trouble


def target_of(environment: Environment) -> Target:
    """Where on a cluster the environment runs. Raises NotFound for one that runs on none."""
    found = Target.objects.select_related("cluster").filter(environment=environment.pk).first()
    if found is None:
        raise NotFound(f"{environment} runs on no cluster.", cure="Its processes are on the environment's page.")
    return found


def look(environment: Environment, target: Target, *, wait: float = WAIT) -> Seen:
    """The picture now, after at most `wait` seconds; never raises."""
    try:
        client = clusters.reader(target.cluster)
    except TimonelError as error:
        return _last(target, error.message, error.cure)
    looks = _looks(client, target.namespace, wait)
    trouble = _trouble(looks)
    if trouble is not None and not any(looks[kind].items for kind in NEEDED):
        return _last(target, *trouble)
    secrets = secrets_of(environment)
    used = METERS.of(client, target.namespace).look(wait=wait / 4)
    unseen = tuple(kind for kind in KINDS if isinstance(looks[kind].ended, Forbidden))
    found = picture(World({kind: looks[kind].items for kind in KINDS}, used, unseen), veil(secrets))
    at = _confirmed(looks)
    if trouble is not None:
        return Seen(found, at, *trouble)
    _keep(target, found, at)
    return Seen(found, at)


def secrets_of(environment: Environment) -> frozenset[str]:
    """The values that must not be shown of whatever runs there: of its variables, and of what was applied."""
    found = {row.value for row in environment.variables.filter(secret=True) if row.value}
    running = Instance.objects.filter(environment=environment.pk).exclude(status=Instance.Status.STOPPED)
    for instance in running.select_related("release"):
        found |= {str(entry.get("value", "")) for entry in instance.release.configuration.values() if entry.get("secret")}
    for row in Applied.objects.filter(instance__in=running):
        found |= secrets_in(parts.read(row.manifests))
    return disguised(found - {""})


def veil(secrets: frozenset[str]) -> Callable[[str], str]:
    """What takes them, and what looks like one, out of a text; the same text is looked at once."""
    known: dict[str, str] = {"": ""}

    def said(text: str) -> str:
        if text not in known:
            known[text] = redact(text, secrets)
        return known[text]

    return said


def _looks(client: Client, namespace: str, wait: float) -> dict[str, Look]:
    """Every kind, side by side: none waits for another."""
    views: dict[str, View] = {kind: VIEWS.of(client, kind_named(kind), namespace) for kind in KINDS}
    end = time.monotonic() + wait
    while True:
        looks = {kind: view.look(wait=0.0) for kind, view in views.items()}
        if all(found.warm or found.failure for found in looks.values()) or time.monotonic() > end:
            return looks
        time.sleep(POLL)


def _confirmed(looks: Mapping[str, Look]) -> datetime:
    """When the cluster last said that what we know is so."""
    oldest = min((looks[kind].seen_at for kind in NEEDED if looks[kind].seen_at), default=time.monotonic())
    return datetime.now(UTC) - timedelta(seconds=max(0.0, time.monotonic() - oldest))


def _trouble(looks: Mapping[str, Look]) -> tuple[str, str] | None:
    """What keeps us from seeing how things are, and what helps."""
    for kind in NEEDED:
        found = looks[kind]
        if isinstance(found.ended, Forbidden | Unauthorized):
            if any(looks[other].warm for other in NEEDED):
                continue
            return redact(found.ended.message), found.ended.cure
        if found.ended is not None and not isinstance(found.ended, Absent):
            return redact(found.ended.message), found.ended.cure or "Test the connection on the cluster's page."
        if not found.warm:
            why = redact(found.failure) or "The cluster has not answered yet."
            return why, "It is asked again every few seconds. If that lasts, test the connection on the cluster's page."
    return None


def _keep(target: Target, found: Picture, at: datetime) -> None:
    """So that there is something to show when the cluster does not answer."""
    if time.monotonic() - _kept_at.get(target.pk, -KEPT_EVERY) < KEPT_EVERY or len(found.pods) > KEPT_PODS:
        return
    _kept_at[target.pk] = time.monotonic()
    with suppress(RedisError, OSError):
        cache.set(_key(target), (found, at), KEPT)


def _last(target: Target, trouble: str, cure: str) -> Seen:
    kept = None
    with suppress(RedisError, OSError):
        kept = cache.get(_key(target))
    if kept is None:
        return Seen(None, None, trouble, cure)
    found, at = kept
    return Seen(replace(found, measured=False), at, trouble, cure)


def _key(target: Target) -> str:
    return f"picture-{target.pk}-{target.cluster_id}-{target.namespace}"
