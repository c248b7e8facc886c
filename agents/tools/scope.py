"""What the tools of one reading may look at: one step of one run, its environment, its application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from agents.models import Run, Step
from agents.secrets import secrets_of
from agents.specialists import registry
from controlplane.core.redaction import disguised
from workloads.host import place
from workloads.models import Application, Deployment, Environment


class Place(Protocol):
    """What tools need that look at an environment, whoever asks: a run's scope, or the investigator's sight."""

    @property
    def environment(self) -> Environment:
        """Where."""

    @property
    def application(self) -> Application:
        """What runs there."""

    def secrets(self) -> frozenset[str]:
        """The values that must not be seen wherever they turn up."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Given by Timonel; a model's arguments choose inside it and cannot widen it."""

    run: Run
    step: Step
    specialist: str

    @property
    def environment(self) -> Environment:
        """Where the run acts."""
        return self.run.environment

    @property
    def application(self) -> Application:
        """What the run deploys."""
        return self.run.environment.application

    @property
    def commit(self) -> str:
        """The commit that the run looks at, or nothing where it checked none out."""
        pieces = self.evidence("checkout")
        return next((str(piece["body"].get("commit", "")) for piece in pieces if piece["title"] == "Commit"), "")

    def evidence(self, node: str = "") -> Iterator[Mapping[str, Any]]:
        """The evidence of this step, or of another node's latest step in the same run; as stored, redacted."""
        step: Step | None = self.step
        if node and node != self.step.node:
            step = Step.objects.filter(run=self.run, node=node, status=Step.Status.DONE).order_by("-pk").first()
        yield from (step.evidence if step else [])

    def of(self, specialist: str) -> Iterator[Mapping[str, Any]]:
        """The evidence of a specialist in this run."""
        return self.evidence(registry()[specialist].node)

    def secrets(self) -> frozenset[str]:
        """The values of this environment that must not be seen wherever they turn up; read as stored, none is made."""
        found = set(secrets_of(self.environment))
        found.add(unquote(urlsplit(self.environment.database_url or "").password or ""))
        for deployment in Deployment.objects.filter(environment=self.environment).select_related("release").order_by("-pk")[:2]:
            entries = (deployment.release.configuration or {}).values()
            found |= {str(entry["value"]) for entry in entries if entry.get("secret") and "value" in entry}
        return frozenset(value for value in disguised(found) if len(value) >= place.SHORTEST_SECRET)
