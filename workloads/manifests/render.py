"""A profile made into objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from controlplane.core.errors import Invalid
from workloads.manifests import (
    accounts,
    configuration,
    deployments,
    migration,
    monitoring,
    network,
    patches,
    probes,
    routes,
    scaling,
    services,
    storage,
)  # fmt: skip
from workloads.manifests.choices import Choice, choices
from workloads.manifests.choices import notes as of_choices
from workloads.manifests.profile import Profile
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]


def render(profile: Profile) -> Rendered:
    """The objects of this release in this environment. The same profile gives the same objects, to the byte.

    Raises Invalid for an image without digest, options that cannot be, and patches that meet nothing.
    """
    _possible(profile)
    found, given = choices(profile), configuration.given(profile)
    served = services.served(found)
    whole = Rendered(
        foundation=tuple(_foundation(profile, found)),
        migration=migration.job(profile, given),
        web=tuple(_workloads(profile, given, (one for one in found if one.web))),
        preview=services.preview(profile) if served else None,
        service=services.stable(profile) if served else None,
        background=tuple(_workloads(profile, given, (one for one in found if not one.web))),
        around=tuple(_around(profile, found, served)),
        config=given.config,
        secret=given.secret,
        notes=(*profile.notes, *of_choices(profile), *storage.notes(profile), *monitoring.notes(profile)),
        host=probes.host(profile),
        https=profile.https,
    )
    return patches.patched(whole, profile.patches)


def _foundation(profile: Profile, found: tuple[Choice, ...]) -> list[Json]:
    return [
        *accounts.namespaces(profile),
        *accounts.accounts(profile),
        *accounts.roles(profile),
        *configuration.objects(profile),
        *storage.claims(profile),
        *network.policies(profile, found),
    ]


def _workloads(profile: Profile, given: configuration.Names, found: Iterable[Choice]) -> list[Json]:
    """Each Deployment, and behind it what scales it."""
    made = []
    for choice in found:
        made += [deployments.deployment(profile, choice, given), *scaling.scalers(profile, choice)]
    return made


def _around(profile: Profile, found: tuple[Choice, ...], served: bool) -> list[Json]:
    budgets = [item for choice in found for item in scaling.budgets(profile, choice)]
    return [*budgets, *(routes.routes(profile) if served else []), *monitoring.monitors(profile, found)]


def _possible(profile: Profile) -> None:
    if "@sha256:" not in profile.image:
        raise Invalid(
            f"The image {profile.image or '(none)'} is not named by its digest.",
            cure="Name it as registry/repository@sha256:..., or have Timonel build it.",
        )
    if not profile.processes:
        raise Invalid(f"{profile.application} names no process to run.", cure="Name its processes, at least `web`.")
    unknown = sorted(set(profile.options.processes) - {process.name for process in profile.processes})
    if unknown:
        names = ", ".join(process.name for process in profile.processes)
        raise Invalid(f"The options name a process '{unknown[0]}' that the release does not have.", cure=f"It has: {names}.")
