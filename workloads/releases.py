"""Releases: immutable versions, made once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils.crypto import salted_hmac

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.redaction import redact
from workloads.models import Application, Release
from workloads.source.project import RunPlan

SYSTEM = Actor.system("deploy graph")


class CommitFacts(Protocol):
    """What a release keeps of its commit (as workloads.adapters.git.Commit has it)."""

    @property
    def sha(self) -> str: ...
    @property
    def author_name(self) -> str: ...
    @property
    def author_email(self) -> str: ...
    @property
    def authored_at(self) -> datetime: ...
    @property
    def message(self) -> str: ...


def create(
    application: Application,
    commit: CommitFacts,
    artefact_digest: str,
    configuration: Mapping[str, Any],
    run_plan: RunPlan,
    *,
    ref: str = "",
    image: str = "",
    actor: Actor = SYSTEM,
) -> Release:
    """The release of this commit, artefact, configuration, way of running and image; the first one made is found again.

    `image` is named by digest, or empty where no cluster runs it.
    """
    with transaction.atomic():
        release, made = Release.objects.get_or_create(
            application=application,
            commit=commit.sha,
            artefact_digest=artefact_digest,
            configuration_digest=digest(configuration, run_plan),
            image=image,
            defaults={
                "ref": redact(ref),
                "commit_author": redact(f"{commit.author_name} <{commit.author_email}>")[:300],
                "authored_at": commit.authored_at,
                "message": redact(commit.message),
                "configuration": dict(configuration),  # type: ignore[misc]  # the stubs see the column, not the value
                "run_plan": asdict(run_plan),
            },
        )
        if made:
            audit.record(
                actor, "release.create", release, after={"commit": commit.sha, "artefact": artefact_digest, "image": image}
            )
    return release


def digest(configuration: Mapping[str, Any], run_plan: RunPlan) -> str:
    """A keyed SHA-256 over the variables and the way of running: either makes another release, and neither can be guessed."""
    content = json.dumps([dict(configuration), asdict(run_plan)], sort_keys=True)
    return salted_hmac("workloads.releases", content, algorithm="sha256").hexdigest()


def author_email(release: Release) -> str:
    """The e-mail address of the commit's author in small letters, or nothing."""
    _, _, rest = release.commit_author.rpartition("<")
    return rest.rstrip(">").strip().lower() if "@" in rest else ""
