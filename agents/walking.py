"""One node walked: its step written down, its time limited, its answer turned into what LangGraph keeps."""

from __future__ import annotations

import contextvars
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLong
from dataclasses import dataclass, replace
from threading import Thread
from typing import Any

from django.db import close_old_connections
from langgraph.errors import GraphBubbleUp

from agents import profiles, steps
from agents.context import Context, Operations
from agents.graphs.rollout import Node
from agents.models import AgentProfile, Step
from agents.pulse import Pulse
from controlplane.core.errors import DeadlineExceeded, LeaseLost, TimonelError
from controlplane.core.redaction import redact, redact_value
from workloads.evidence import Assessment
from workloads.verdicts import Verdict

log = logging.getLogger(__name__)
GRACE_SECONDS = 20.0  # for a tool to hear that its time is over


class Cancelled(TimonelError):
    """Somebody asked to cancel the run."""


class Draining(TimonelError):
    """The worker was asked to stop; the run is given back."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What every node of one driven run shares."""

    environment: int
    operations: Operations
    pulse: Pulse
    specialists: frozenset[str]

    def around(self, name: str, node: Node) -> Callable[[Any], dict[str, Any]]:
        """The node as LangGraph calls it."""

        def walk(state: Any) -> dict[str, Any]:
            try:
                return self._walk(name, node, state)
            finally:
                close_old_connections()

        walk.__name__ = name
        return walk

    def context(self, name: str, seconds: float, *, cleaning: bool = False) -> Context:
        """What the node may reach. Cleaning up after a cancel is not itself cut off by the cancel."""
        pulse, deadline = self.pulse, time.monotonic() + seconds

        def say(text: str, *, kind: str = "note", level: str = "info") -> None:
            pulse.demand()
            pulse.story.say(text, node=name, kind=kind, level=level)

        return Context(
            run=pulse.lease.run,
            environment=self.environment,
            node=name,
            fence=pulse.lease.fence,
            operations=self.operations,
            say=say,
            cancelled=lambda: (not cleaning and pulse.interrupted()) or pulse.lost.is_set() or time.monotonic() > deadline,
            deadline=deadline,
        )

    def _walk(self, name: str, node: Node, state: Any) -> dict[str, Any]:
        self._may_begin()
        step = steps.begin(self.pulse.lease, name)
        profile = profiles.profile(name) if name in self.specialists else None
        context = self.context(name, profile.timeout_seconds if profile else profiles.seconds_for(name))
        close_old_connections()
        if profile is not None and not profile.enabled:
            found = _answer(name, profile, Assessment(Verdict.NOT_EVALUATED, "Switched off by an administrator."))
        else:
            found = self._found(step, profile, context, node, state)
        self.pulse.story.flush()
        steps.done(self.pulse.lease, step, found, self.pulse.story.secrets)
        return dict(redact_value(found.data))

    def _found(self, step: Step, profile: AgentProfile | None, context: Context, node: Node, state: Any) -> Assessment:
        try:
            found = _within(context, node, state)
        except LeaseLost:
            raise
        except GraphBubbleUp:  # it waits for a person
            steps.wait(self.pulse.lease, step)
            raise
        except Exception as error:
            self._cut_off(step)
            return self._after(error, step, profile)
        if profile is None:
            return found
        self._cut_off(step)  # what a tool says that was cut off is no finding
        return _answer(context.node, profile, found)

    def _after(self, error: Exception, step: Step, profile: AgentProfile | None) -> Assessment:
        """An advisory specialist that breaks is inconclusive; anything else that breaks ends the run, to be tried again."""
        summary, cure = explain(error, self.pulse.story.secrets)
        if not isinstance(error, TimonelError):
            log.exception("run %s, %s", self.pulse.lease.run, step.node)
        if profile is not None and not profile.blocking:
            return _answer(step.node, profile, Assessment(Verdict.INCONCLUSIVE, f"Could not be evaluated: {summary}", cure))
        self.pulse.story.say(f"{summary} {cure}".strip(), node=step.node, level="error")
        self.pulse.story.flush()
        steps.fail(self.pulse.lease, step, summary, cure)
        raise error

    def _may_begin(self) -> None:
        self.pulse.demand()
        if self.pulse.cancel.is_set():
            raise Cancelled("The run was cancelled.")
        if self.pulse.stopping:
            raise Draining("The worker stops.")

    def _cut_off(self, step: Step) -> None:
        """Raise if the node ended because it was told to."""
        if self.pulse.cancel.is_set() and not self.pulse.lost.is_set():
            steps.cancel(self.pulse.lease, step, "Cancelled.")
        self._may_begin()


def explain(error: BaseException, secrets: frozenset[str] = frozenset()) -> tuple[str, str]:
    """What went wrong and its cure, for a person; redacted."""
    if isinstance(error, TimonelError):
        return redact(error.message, secrets), redact(error.cure, secrets)
    said = redact(f"An unexpected error: {type(error).__name__}: {error}", secrets)
    return said, "This is a defect of Timonel; its log says more. Retry the run."


def _answer(name: str, profile: AgentProfile, found: Assessment) -> Assessment:
    """A specialist's answer as the graph keeps it: its verdict, and whether its failure stops the run."""
    kept = {**found.data, "verdict": found.verdict.value, "blocking": profile.blocking}
    return replace(found, data={"assessments": {name: kept}})


def _within(context: Context, node: Node, state: Any) -> Assessment:
    """What the node answers, in a thread of its own that is left behind if it outlives its time and does not hear."""
    future: Future[Assessment] = Future()
    scope = contextvars.copy_context()

    def work() -> None:
        try:
            future.set_result(scope.run(node, state, context))
        except BaseException as error:
            future.set_exception(error)
        finally:
            close_old_connections()

    Thread(target=work, name=f"run-{context.run}-{context.node}", daemon=True).start()
    try:
        return future.result(timeout=context.remaining() + GRACE_SECONDS)
    except TooLong:
        if future.done():  # the node itself raised a TimeoutError
            raise
    raise DeadlineExceeded(
        f"{context.node.replace('_', ' ').capitalize()} was not finished in its time.",
        cure="Give it more time (Admin, agent profiles), or mend what it waits for; then retry the run.",
    )
