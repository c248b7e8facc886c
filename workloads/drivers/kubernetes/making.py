"""The parts of a release here: rendered from the rows, or, for one that returns, exactly as they were applied before."""

from __future__ import annotations

from dataclasses import replace

from controlplane.core.errors import Conflict
from workloads import rendering
from workloads.drivers.kubernetes import kept, parts, rows
from workloads.drivers.kubernetes.parts import Parts
from workloads.manifests.names import digest
from workloads.manifests.rendered import Rendered
from workloads.models import Environment, Release, Target

ROLLING, BLUE_GREEN, CANARY = Target.Strategy.ROLLING.value, Target.Strategy.BLUE_GREEN.value, Target.Strategy.CANARY.value


def made(environment: Environment, release: Release, *, returning: bool = False) -> Parts:
    """What is to be applied. Deterministic: the same rows give the same objects."""
    return returned(environment, release) if returning else rendered(environment, release)


def rendered(environment: Environment, release: Release) -> Parts:
    """As the environment's options say today. A set is named by its release and by what its pods are made of."""
    strategy = rendering.target_of(environment).strategy
    plain = rendering.render(environment, release, set="")
    if strategy == ROLLING or not plain.web:
        return _parts(plain, "", ROLLING)
    name = f"r{release.pk}-{digest([list(plain.web), plain.config, plain.secret])[:4]}"
    found = _parts(rendering.render(environment, release, set=name, live=None), name, strategy)
    return replace(found, service=parts.pinned(found.service, name) if found.service else None)


def returned(environment: Environment, release: Release) -> Parts:
    """As it ran here before: image, configuration and manifests together. Nothing is migrated, and no canary is needed."""
    last = rows.last_of(environment, release)
    if last is None:
        raise Conflict(
            f"How {release.label} ran on this cluster is not kept.", cure="Roll it out again: it is rendered anew and shown."
        )
    found = kept.parts_of(last)
    strategy = BLUE_GREEN if found.strategy == CANARY else found.strategy
    return replace(found, migration=None, strategy=strategy)


def _parts(found: Rendered, name: str, strategy: str) -> Parts:
    web, scalers = parts.divided(found.web)
    background, others = parts.divided(found.background)
    return Parts(
        set=name,
        strategy=strategy,
        foundation=found.foundation,
        migration=found.migration,
        web=web,
        preview=found.preview if name else None,
        service=found.service,
        background=background,
        scalers=(*scalers, *others),
        around=found.around,
        notes=found.notes,
        host=found.host,
        https=found.https,
    )
