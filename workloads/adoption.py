"""Adopting an application that already runs on a cluster: what is there becomes a Target and a Release, its first apply a Change.

Reading uses the identity that reads. Nothing on the cluster changes until people have approved the Change, which shows the dry run
of each object and whose fields are taken over. Where the Service has our name, what runs today is kept as the way back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.db import transaction

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, NotFound, Refused, TimonelError
from controlplane.core.redaction import redact
from workloads import actions, catalog, changes, clusters, deployments, registries, releases
from workloads.adapters import git
from workloads.adapters.kubernetes.failures import Absent
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.adopting import imaging, routing, running, settling
from workloads.adopting.matching import Matched, match
from workloads.adopting.running import Json, Running
from workloads.adopting.settling import Settled
from workloads.catalog import FETCH_SECONDS
from workloads.drivers import select
from workloads.drivers.kubernetes import finding
from workloads.history import mirror_of
from workloads.images import parse
from workloads.manifests import commands, names
from workloads.manifests.options import options_of
from workloads.manifests.profile import Process
from workloads.models import Application, Change, Cluster, Environment, Release, Target
from workloads.models.catalog import NAME
from workloads.previews import Facts
from workloads.source.project import RunPlan

OPTIONAL = frozenset({"HorizontalPodAutoscaler", "StatefulSet", "DaemonSet", "CronJob"})
KEY = "adopted-"  # how the idempotency keys of its changes begin: nobody else's do
NO_COMMIT = "Nothing there says which commit it was built from"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person named. `deployments` empty: those that look like the application; `commit` empty: as labels and tag say."""

    application: str
    environment: str
    cluster: str
    namespace: str
    deployments: tuple[str, ...] = ()
    commit: str = ""
    tier: str = Environment.Tier.PRODUCTION.value


@dataclass(frozen=True, slots=True)
class Found:
    """What is there, and what it would be here; nothing is written down yet."""

    application: Application
    cluster: Cluster
    running: Running
    matched: Matched
    settled: Settled
    image: str
    commit: git.Commit
    in_place: bool  # its Service has our name: what runs now becomes the way back

    @property
    def repository(self) -> str:
        """Where its images are."""
        return parse(self.image).name


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was made of it."""

    environment: Environment
    target: Target
    release: Release
    change: Change
    taken_over: tuple[str, ...]
    foreign: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def adopt(actor: Actor, asked: Asked) -> Adopted:
    """Environment, Target, Release and the proposed first apply: all or none. Raises Refused, NotFound, Conflict, Invalid."""
    found = look(actor, asked)
    with transaction.atomic():  # open while the dry run is asked: what it refuses leaves no rows behind
        environment = _environment(actor, found.application, asked)
        target = _target(actor, environment, found, asked.namespace)
        catalog.set_variables(actor, environment, found.settled.values, secret=None)
        release = _release(actor, environment, found)
        if found.in_place:
            finding.keep(actor, environment, _as_found(actor, found), found.matched, found.running)
        change = _propose(actor, environment, release)
    return Adopted(environment, target, release, change, _taken(found), found.matched.foreign, _notes(found))


def look(actor: Actor, asked: Asked) -> Found:
    """Read the namespace and understand it; writes nothing."""
    application = Application.objects.filter(name=asked.application).first()
    if application is None:
        raise NotFound(
            f"There is no application {asked.application}.",
            cure=f"Register it first: manage.py register {asked.application} GIT_URL.",
        )
    cluster = _cluster(actor, asked)
    seen = read(cluster, asked.namespace)
    matched = match(seen, application.name, asked.deployments)
    settled = settling.settle(seen, matched, application.name)
    _possible(matched, settled, application.name)
    image = _pinned(imaging.image(seen, matched.workloads))
    commit = _commit(application, asked.commit, imaging.revisions(matched.workloads))
    return Found(application, cluster, seen, matched, settled, image, commit, _in_place(matched, application.name))


def read(cluster: Cluster, namespace: str) -> Running:
    """Everything of the kinds that matter, with the identity that reads. Raises Refused where a right is missing."""
    client, found = clusters.reader(cluster), list[Json]()
    for name in running.KINDS:
        kind = kind_named(name)
        if not client.allowed("list", kind.group, kind.plural, namespace):
            if name in OPTIONAL:
                continue
            raise Refused(
                f"The identity that reads may not list {kind.plural} in {namespace} of {cluster}.",
                cure=f"Grant it: manage.py connect-cluster {cluster} --print-rights read --namespace {namespace}.",
            )
        try:
            items = client.listing(kind, namespace).items
        except Absent:
            continue
        found += [{**item, "apiVersion": kind.api, "kind": kind.name} for item in items]
    return Running(tuple(found))


def _cluster(actor: Actor, asked: Asked) -> Cluster:
    """The cluster, where the namespace is free to be adopted."""
    try:
        cluster = clusters.named(actor, asked.cluster)
    except NotFound as error:
        known = ", ".join(Cluster.objects.values_list("name", flat=True)) or "none yet"
        raise NotFound(
            f"There is no cluster {asked.cluster}.", cure=f"Connected: {known}. Another: manage.py connect-cluster NAME."
        ) from error
    taken = Target.objects.select_related("environment__application").filter(cluster=cluster, namespace=asked.namespace).first()
    if taken is not None:
        raise Conflict(f"{taken.environment} is in {taken} already.", cure="A namespace belongs to one environment.")
    return cluster


def _environment(actor: Actor, application: Application, asked: Asked) -> Environment:
    """The one of this name without a target, or a new one."""
    known = application.environments.select_related("application").filter(name=asked.environment).first()
    if known is None:
        return catalog.add_environment(actor, application, asked.environment, asked.tier, Environment.Driver.KUBERNETES)
    if known.driver != Environment.Driver.KUBERNETES:
        raise Conflict(f"{known} runs processes on this machine.", cure="Choose another name for what runs on the cluster.")
    if Target.objects.filter(environment=known).exists() or deployments.current(known) is not None:
        raise Conflict(f"{known} runs something already.", cure="Choose another name, or deploy to it.")
    return known


def _target(actor: Actor, environment: Environment, found: Found, namespace: str) -> Target:
    """Blue-green: the first release comes up beside what runs, whose selectors can never be changed."""
    target = Target(
        environment=environment,
        cluster=found.cluster,
        namespace=namespace,
        strategy=Target.Strategy.BLUE_GREEN,
        options=found.settled.options,
        patches=list(found.settled.patches),
        image_repository=found.repository,
    )
    options_of(target.options)
    try:
        NAME(namespace)
    except ValidationError as error:
        raise Invalid(f"{namespace!r} is no namespace Timonel can use.", cure=" ".join(error.messages)) from error
    target.save(force_insert=True)
    audit.record(
        actor,
        "environment.adopt",
        environment,
        after={"target": str(target), "workloads": list(running.titles(found.matched.workloads)), "image": found.image},
    )
    return target


def _release(actor: Actor, environment: Environment, found: Found) -> Release:
    """The live image with the variables it is told today. No release step: it ran before."""
    entries = {row.name: {"value": row.value or "", "secret": row.secret} for row in environment.variables.order_by("name")}
    return _created(actor, found, entries, found.commit.sha)


def _as_found(actor: Actor, found: Found) -> Release:
    """The same image as it runs now, with variables that are in objects of others: where a rollback returns to."""
    return _created(actor, found, {}, f"{found.commit.sha[:12]} as found")


def _created(actor: Actor, found: Found, entries: dict[str, dict[str, object]], ref: str) -> Release:
    known = found.application.understood
    module = str(found.settled.values.get("DJANGO_SETTINGS_MODULE") or known.get("settings_module") or "")
    plan = RunPlan(settings_module=module, processes=found.settled.processes, health_path=found.settled.health_path)
    digest = parse(found.image).digest.removeprefix("sha256:")
    return releases.create(found.application, found.commit, digest, entries, plan, ref=ref, image=found.image, actor=actor)


def _propose(actor: Actor, environment: Environment, release: Release) -> Change:
    """The first apply, always for a person to approve: it takes over what others made."""
    draft = actions.roll_out(release, Facts(world=select.world(environment, release)))
    preview = actions.preview(environment, [draft])
    judged = replace(changes.judge(actor, environment, draft), policy_approves=False)
    return changes.propose(
        actor,
        environment,
        str(preview.document()["actions"][0]["what"]),
        [draft],
        preview,
        judged,
        idempotency_key=f"{KEY}{environment.pk}-{release.pk}",
    )


def _pinned(image: str) -> str:
    """By digest. Raises Invalid where neither a pod nor its registry tells it."""
    found, why = registries.try_to_pin(parse(image))
    if not found.pinned:
        raise Invalid(
            f"Which image runs is not known exactly: no pod of {image} tells its digest, and {why or 'its registry does not'}.",
            cure="Deploy it by digest (name@sha256:...), or add its registry here, then ask again.",
        )
    return found.pinned


def _commit(application: Application, named: str, told: Sequence[str]) -> git.Commit:
    """The commit a person named, or the first of those told that the repository has."""
    mirror = mirror_of(application)
    git.clone_or_fetch(application.repository, mirror, deadline=time.monotonic() + FETCH_SECONDS)
    if named:
        return git.resolve(mirror, named)
    for name in told:
        try:
            return git.resolve(mirror, name)
        except TimonelError:
            continue
    tried = f" ({', '.join(redact(name) for name in told[:5])}: no tag, branch or commit)" if told else ""
    raise Invalid(f"{NO_COMMIT}{tried}.", cure="Name it with --commit: later releases show what changed since.")


def _in_place(matched: Matched, application: str) -> bool:
    return matched.service is not None and running.name_of(matched.service) == names.joined(application)


def _possible(matched: Matched, settled: Settled, application: str) -> None:
    """Raise Invalid for what cannot be taken over beside what runs."""
    for item in matched.background:
        process = settling.process_of(item, matched, application)
        if running.name_of(item) == names.joined(application, process):
            raise Invalid(
                f"Our own Deployment for {process} would be called {running.name_of(item)} too, and selectors cannot be changed.",
                cure="Make it again under another name (kubectl get -o yaml, rename, apply, delete the old one), or leave it out "
                "with --deployment and remove it after the first release.",
            )
    alone = [name for name, argv in settled.processes.items() if commands.alone(Process(name, tuple(argv)))]
    if alone and not _in_place(matched, application):
        raise Invalid(
            f"{alone[0]} is a scheduler, and would run twice: what runs today stays, as no Service is called {application}.",
            cure=f"Rename the Service to {application}, or leave {alone[0]} out with --deployment.",
        )


def _taken(found: Found) -> tuple[str, ...]:
    return routing.taken_over(found.matched, names.joined(found.application.name))


def _notes(found: Found) -> tuple[str, ...]:
    name, service = names.joined(found.application.name), found.matched.service
    if found.in_place and found.matched.background:
        removed = ", ".join(running.titles(found.matched.background))
        return (*found.settled.notes, f"{removed}: removed once our own stand, so that nothing works twice for long.")
    if found.in_place or service is None:
        return found.settled.notes
    stays = ", ".join(running.titles(found.matched.workloads))
    moved = f"Requests still come to Service {running.name_of(service)}: lead them to Service {name} once it stands. {stays} stays."
    return (*found.settled.notes, moved)
