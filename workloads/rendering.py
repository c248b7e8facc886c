"""Rows made into manifests: an environment, where on a cluster it runs, and a release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from django.utils.crypto import salted_hmac

from controlplane.core.errors import Invalid, NotFound
from controlplane.core.redaction import redact
from workloads import deployments, provided
from workloads.adapters import schemas
from workloads.evidence import Fact
from workloads.manifests import render as engine
from workloads.manifests.formats import argocd, helm, kustomize, plain
from workloads.manifests.options import options_of
from workloads.manifests.policies.judge import judge
from workloads.manifests.profile import Process, Profile, Step, Strategy, Tier
from workloads.manifests.rendered import Rendered
from workloads.manifests.validation import custom
from workloads.models import Environment, Release, Target
from workloads.provided import Given

FORMATS: dict[str, Callable[[Profile], dict[str, str]]] = {
    "plain": plain.files,
    "kustomize": kustomize.files,
    "helm": helm.files,
    "argocd": argocd.files,
}
# What the driver reads of a target's options: how a release is rolled out, and what is no drift.
DRIVERS = frozenset({"rollout", "drift"})
# Steps that write files belong to the image: a pod's own files are read-only, and other pods would not see them.
WRITES_FILES = frozenset({"collectstatic", "timonel_static", "compress"})


def render(environment: Environment, release: Release, **given: Any) -> Rendered:
    """The objects of a release in an environment; `given` as for `profile_of`."""
    return engine.render(profile_of(environment, release, **given))


def profile_of(environment: Environment, release: Release, **given: Any) -> Profile:
    """Everything that a rendering depends on.

    `given` are fields of the Profile that the rows do not know: `set`, `live`, `share`, `replicas`, `attempt`. Makes the
    environment's SECRET_KEY when it is asked for first. Raises Invalid for options that are wrong, for an image that is missing,
    and for servers that a pod could not reach.
    """
    target = target_of(environment)
    options = options_of({name: value for name, value in target.options.items() if name not in DRIVERS})
    bound = provided.bind(environment, target, options, release.configuration, release.run_plan)
    profile = Profile(
        application=release.application.name,
        environment=environment.name,
        namespace=target.namespace,
        image=image_of(release),
        processes=tuple(Process(name, tuple(argv)) for name, argv in release.run_plan.get("processes", {}).items()),
        environment_id=environment.pk,
        tier=cast("Tier", environment.tier),
        release=release.pk,
        label=release.label,
        commit=release.commit,
        steps=_steps(release),
        health_path=str(release.run_plan.get("health_path") or ""),
        https=bound.https,
        options=options,
        strategy=cast("Strategy", target.strategy),
        patches=tuple(target.patches),
        salt=salted_hmac("workloads.rendering", str(environment.pk), algorithm="sha256").hexdigest(),
    )
    return replace(_with(profile, bound, release), **given)


@dataclass(frozen=True, slots=True)
class Written:
    """Files by their paths, and what a person should know of them."""

    files: dict[str, str]
    remarks: tuple[str, ...]


def written(environment: str, form: str, release: str = "") -> Written:
    """The manifests of "application/environment" as files. `release` is a number or a label; empty: the live one, or the newest.

    Nothing in them is a secret's value.
    """
    place = _environment(environment)
    profile = profile_of(place, _chosen(place, release))
    rendered = engine.render(profile)
    wrong = tuple(f"{fact.severity}: {fact.message} {fact.cure}" for fact in facts(rendered.objects))
    return Written(FORMATS[form](profile), (*rendered.notes, *wrong))


def facts(items: Sequence[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """What is wrong with these objects, offline: by the schemas of the five newest versions of Kubernetes, and by policy."""
    found = [fact for item in items for fact in _by_schema(item)]
    return (*found, *judge(items))


def _environment(name: str) -> Environment:
    application, _, rest = name.partition("/")
    found = Environment.objects.select_related("application").filter(application__name=application, name=rest).first()
    if found is None:
        known = ", ".join(str(one) for one in Environment.objects.select_related("application").filter(target__isnull=False)[:10])
        raise NotFound(f"There is no environment {name}.", cure=f"On clusters run: {known or 'none yet'}.")
    return found


def _chosen(environment: Environment, release: str) -> Release:
    found = Release.objects.select_related("application").filter(application=environment.application_id)
    if release:
        numbered = found.filter(pk=int(release)).first() if release.isdigit() else None
        chosen = numbered or next((one for one in found if one.label == release), None)
    else:
        live = deployments.current(environment)
        chosen = found.filter(pk=live.release_id).first() if live else found.exclude(image="").first()
    if chosen is None:
        raise NotFound(f"{environment} has no release {release}".rstrip() + ".", cure="Name one by its number or label.")
    return chosen


def target_of(environment: Environment) -> Target:
    """Where on a cluster the environment runs."""
    found = Target.objects.filter(environment=environment).select_related("cluster").first()
    if found is None:
        raise Invalid(f"{environment} names no cluster.", cure="Give it a target: a cluster and a namespace there.")
    return found


def image_of(release: Release) -> str:
    """The release's image, by digest."""
    if not release.image:
        raise Invalid(
            f"{release} has no image to run on a cluster.", cure="Name one by digest in the request, or have Timonel build it."
        )
    return str(release.image)


def _by_schema(item: Mapping[str, Any]) -> Iterator[Fact]:
    place = f"{item.get('kind')}/{(item.get('metadata') or {}).get('name')}"
    told = {(version, text) for version in schemas.newest() for text in schemas.problems(item, version) or ()}
    told |= {("", text) for text in custom.problems(item) or ()}
    for version, text in sorted(told):
        where = f" (Kubernetes {version})" if version else ""
        yield Fact(
            "schema",
            "schema",
            "high",
            redact(f"{place}: {text}{where}"),
            path=redact(place),
            cure="Correct the patch that made it.",
        )


def _with(profile: Profile, bound: Given, release: Release) -> Profile:
    shared = [*map(str, release.run_plan.get("shared", [])), *bound.shared]
    return replace(
        profile,
        pages_host=bound.host,
        values=bound.values,
        secrets=bound.secrets,
        references=bound.references,
        peers=bound.peers,
        shared=tuple(dict.fromkeys(shared)),
        home=provided.home_of(profile.options, release.run_plan),
        broker=bound.broker,
        notes=bound.notes,
    )


def _steps(release: Release) -> tuple[Step, ...]:
    found = [step for step in release.run_plan.get("release_steps", []) if not WRITES_FILES & set(step["run"])]
    return tuple(Step(str(step["name"]), tuple(step["run"]), str(step.get("folder") or "")) for step in found)
