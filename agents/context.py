"""What a node may reach: its run's references, the operations it asks for, and where it tells what it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from workloads.drivers import Say
from workloads.evidence import Assessment


class Incidents(Protocol):
    """The verbs of the graph `incident`; answered as those of Operations are."""

    def calm(self, context: Context, incident: int, round: int) -> Assessment:
        """Whether anything is under way here. Data: `wait` (a `change` to be decided, or a moment `until`), or `round`: the next
        one; `over` where the incident is resolved.
        """

    def look(self, context: Context, incident: int, round: int) -> Assessment:
        """Diagnose what runs here as it is now, or join who did. Data: `examination`, `standing`."""

    def suspects(self, context: Context, examination: int) -> Assessment:
        """What changed before the first symptom, ranked."""

    def recall(self, context: Context, examination: int) -> Assessment:
        """What the knowledge base says of it, cited."""

    def remedies(self, context: Context, examination: int) -> Assessment:
        """What would mend it. Data: `offered`: whether there is anything to propose."""

    def gate(self, context: Context, examination: int) -> Assessment:
        """Propose one remedy. Data: `change`, `decision` (`elsewhere`: another run asks for the same), or `decision`: `none`."""

    def decision(self, context: Context, incident: int, change: int) -> Assessment:
        """How a Change stands. Data: `decision`: `waiting`, `approved`, `elsewhere`, `over`, or why not."""

    def apply(self, context: Context, incident: int, change: int) -> Assessment:
        """Apply the approved Change. Data: `applied`: `switched`, `not_switched`, `refused` or `kept` (not yet)."""

    def verify(self, context: Context, incident: int, change: int) -> Assessment:
        """Whether its invariant holds. Data: `verified`: a verdict."""

    def watched(self, context: Context, incident: int, change: int) -> Assessment:
        """Data: `wait` while it could still come back."""

    def recheck(self, context: Context, examination: int, change: int) -> Assessment:
        """Diagnose again. Data: `recurred`: `gone`, `same`, `other` or `unclear`; `over` where it is resolved already."""

    def close(self, context: Context, examination: int, change: int) -> Assessment:
        """Resolve the incident. Data: `closed`."""

    def undo(self, context: Context, incident: int, change: int) -> Assessment:
        """Propose to take the Change back. Data: `undo`, `consent`; `consent`: `none` where it cannot be."""

    def take_back(self, context: Context, incident: int, change: int) -> Assessment:
        """Apply the Change that takes back. Data: `undone`."""

    def escalate(self, context: Context, incident: int, nodes: Sequence[str]) -> Assessment:
        """Mark it as needing a person, and tell people; why is in the steps."""

    def report(self, context: Context, incident: int, outcome: str, nodes: Sequence[str]) -> Assessment:
        """The last word, and the draft of the post-mortem."""


class Operations(Protocol):
    """The verbs of the graphs. Each may be asked again after a lost worker and then finds what the first asking did.

    Each answers with an Assessment: the verdict and evidence of the step, and in `data` the references that go into the
    state of the graph. Given by the runner (agents.operations), or by a test.
    """

    @property
    def incidents(self) -> Incidents:
        """Those of the graph `incident`."""

    def checkout(self, context: Context, ref: str) -> Assessment:
        """The source of the commit that `ref` names. Data: `commit`."""

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        """What one specialist finds in the source. Data: references of its own (`artefact` of `cicd`)."""

    def plan(self, context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        """The release, its migrations classed, the preview. Data: `release`."""

    def plan_rollback(self, context: Context) -> Assessment:
        """What a rollback would return to and what the migrations make of it. Data: `release`, or none when there is none."""

    def gate(self, context: Context, release: int, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        """The Change, judged by policy. Data: `change`, `decision`."""

    def decision(self, context: Context, change: int) -> Assessment:
        """How the Change stands. Data: `decision`: `waiting`, `approved`, or why not."""

    def apply(self, context: Context, change: int) -> Assessment:
        """Apply the approved Change. Data: `applied`: `switched`, `not_switched`, `refused` or `kept` (not yet); `deployment`."""

    def verify(self, context: Context, deployment: int) -> Assessment:
        """Watch the release that has the traffic. Data: `verified`: a verdict."""

    def promote(self, context: Context, deployment: int, question: int | None) -> Assessment:
        """Make it the live release: verified, or kept by a person's answer to the Change `question`."""

    def roll_back(self, context: Context, deployment: int) -> Assessment:
        """Undo it, open an incident, hold automation. Data: `returned`: whether a former release serves again."""

    def ask(self, context: Context, deployment: int) -> Assessment:
        """Propose to keep a release that could not be verified. Data: `question`: the Change."""

    def abandon(self, context: Context) -> Assessment:
        """Clean up after a run that is cancelled: open Changes, a release that was not promoted."""

    def report(self, context: Context, outcome: str, nodes: Sequence[str]) -> Assessment:
        """The last word: what came of the run, told from the steps that decided it."""


@dataclass(frozen=True, slots=True)
class Context:
    """Given to each node anew."""

    run: int
    environment: int
    node: str
    fence: int
    operations: Operations
    say: Say
    cancelled: Callable[[], bool]
    deadline: float  # on the clock of time.monotonic

    @property
    def key(self) -> str:
        """The idempotency key of this node's effects: the same in every attempt."""
        return f"run-{self.run}-{self.node}"

    def remaining(self) -> float:
        """Seconds until the deadline; never negative."""
        return max(0.0, self.deadline - time.monotonic())
