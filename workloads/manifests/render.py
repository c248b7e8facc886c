"""A profile made into objects."""

from __future__ import annotations

from typing import Any

from controlplane.core.errors import Invalid
from workloads.manifests import accounts, configuration, deployments, migration, services, storage
from workloads.manifests.choices import choices
from workloads.manifests.profile import Profile
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]


def render(profile: Profile) -> Rendered:
    """The objects of this release in this environment. The same profile gives the same objects, to the byte."""
    _possible(profile)
    found, given = choices(profile), configuration.given(profile)
    made = [(one, deployments.deployment(profile, one, given)) for one in found]
    foundation = [
        *accounts.namespaces(profile),
        *accounts.accounts(profile),
        *configuration.objects(profile),
        *storage.claims(profile),
    ]
    served = services.served(found)
    return Rendered(
        foundation=tuple(foundation),
        migration=migration.job(profile, given),
        web=tuple(item for one, item in made if one.web),
        preview=services.preview(profile) if served else None,
        service=services.stable(profile) if served else None,
        background=tuple(item for one, item in made if not one.web),
        around=(),
        config=given.config,
        secret=given.secret,
        notes=tuple(storage.notes(profile)),
    )


def _possible(profile: Profile) -> None:
    if "@sha256:" not in profile.image:
        raise Invalid(
            f"The image {profile.image or '(none)'} is not named by its digest.",
            cure="Name it as registry/repository@sha256:..., or have Timonel build it.",
        )
    if not profile.processes:
        raise Invalid(f"{profile.application} names no process to run.", cure="Name its processes, at least `web`.")
