"""The incident's operations without an outside: they do what a scenario says; each effect once a key, as real ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from agents.context import Context
from workloads.evidence import Assessment
from workloads.models import Action, Change
from workloads.verdicts import Verdict

if TYPE_CHECKING:
    from tests.agents.fakes import FakeOperations


class FakeIncidents:
    """The verbs of the graph `incident`, told by the scenario of the fake they belong to.

    A list in the scenario is what each round says in turn, its last value again from then on.
    """

    def __init__(self, fake: FakeOperations) -> None:
        self.fake = fake

    def calm(self, context: Context, incident: int, round: int) -> Assessment:
        self.fake._begin(context)
        if self._said("busy", context, False):
            return Assessment(
                Verdict.NOT_EVALUATED, "Busy.", data={"wait": {"until": (timezone.now() + timedelta(hours=1)).isoformat()}}
            )
        return self._end(context, "Calm.", round=round + 1, over=self._said("over", context, False))

    def look(self, context: Context, incident: int, round: int) -> Assessment:
        return self._effect(
            context, f"Looked in round {round}.", f"-{round}", examination=round, standing=self._said("standing", context, "fault")
        )

    def suspects(self, context: Context, examination: int) -> Assessment:
        return self._plain(context, "A suspect.")

    def recall(self, context: Context, examination: int) -> Assessment:
        return self._plain(context, "A passage.")

    def remedies(self, context: Context, examination: int) -> Assessment:
        return self._plain(context, "Remedies.", offered=self._said("offered", context, True))

    def gate(self, context: Context, examination: int) -> Assessment:
        self.fake._begin(context)
        said = self._said("policy", context, "approved")
        if said in {"none", "elsewhere"}:
            other = self._change(context, f"-other-{examination}", "waiting").pk if said == "elsewhere" else 0
            return self._end(context, "Not ours.", decision=said, change=other)
        change = self._change(context, f"-{examination}", said)
        return self.fake._end(context, self.fake._standing(change))

    def decision(self, context: Context, incident: int, change: int) -> Assessment:
        self.fake._begin(context)
        found = self.fake._standing(Change.objects.get(pk=change))
        if found.data["decision"] != "waiting" and "-other-" in Change.objects.get(pk=change).idempotency_key:
            return self._end(context, "Decided elsewhere.", decision="elsewhere")
        return self.fake._end(context, found)

    def apply(self, context: Context, incident: int, change: int) -> Assessment:
        found = self._effect(context, "Applied.", f"-{change}", applied=self._said("applied", context, "switched"))
        if found.data["applied"] == "switched":
            Change.objects.filter(pk=change).update(status=Change.Status.APPLIED, applied_at=timezone.now())
        return found

    def verify(self, context: Context, incident: int, change: int) -> Assessment:
        verdict = Verdict(self._said("verified", context, "passed"))
        self.fake._begin(context)
        if verdict is Verdict.NOT_EVALUATED:
            return Assessment(verdict, "People have to merge it.", data={"verified": verdict.value, "wait": _in_an_hour()})
        return self.fake._end(context, Assessment(verdict, "Verified.", data={"verified": verdict.value}))

    def watched(self, context: Context, incident: int, change: int) -> Assessment:
        self.fake._begin(context)
        if self._said("watching", context, False):
            return Assessment(Verdict.NOT_EVALUATED, "Watching.", data={"wait": _in_an_hour()})
        return self._end(context, "Watched.")

    def recheck(self, context: Context, examination: int, change: int) -> Assessment:
        return self._plain(
            context, "Looked again.", recurred=self._said("recurred", context, "gone"), over=self._said("over_late", context, False)
        )

    def close(self, context: Context, examination: int, change: int) -> Assessment:
        return self._effect(context, "Closed.", closed=True)

    def undo(self, context: Context, incident: int, change: int) -> Assessment:
        self.fake._begin(context)
        said = self._said("consent", context, "waiting")
        if said == "none":
            return self._end(context, "It cannot be taken back.", consent="none")
        found = self._change(context, "", said)
        return self._end(context, "Offered to be taken back.", undo=found.pk, consent=self.fake._standing(found).data["decision"])

    def take_back(self, context: Context, incident: int, change: int) -> Assessment:
        return self._effect(context, "Taken back.", f"-{change}", undone=self._said("undone", context, True))

    def escalate(self, context: Context, incident: int, nodes: Sequence[str]) -> Assessment:
        return self._effect(context, f"A person is called: {', '.join(nodes)}.")

    def report(self, context: Context, incident: int, outcome: str, nodes: Sequence[str]) -> Assessment:
        return self._effect(context, f"The end: {outcome}.")

    def _said(self, name: str, context: Context, otherwise: Any) -> Any:
        """What the scenario says for this round of the run."""
        said = self.fake.scenario.get(name, otherwise)
        if not isinstance(said, list):
            return said
        asked = self.fake.calls().count(f"round {name} {context.run}")
        self.fake._add("calls", f"round {name} {context.run}")
        return said[min(asked, len(said) - 1)]

    def _plain(self, context: Context, summary: str, **data: Any) -> Assessment:
        self.fake._begin(context)
        return self._end(context, summary, **data)

    def _end(self, context: Context, summary: str, **data: Any) -> Assessment:
        return self.fake._end(context, Assessment(Verdict.PASSED, summary, data=data))

    def _effect(self, context: Context, summary: str, more: str = "", **data: Any) -> Assessment:
        return self.fake._effect(context, summary, data, more)

    def _change(self, context: Context, more: str, status: str) -> Change:
        return self.fake._change(context, Action.Kind.RESTORE, status, more)


def _in_an_hour() -> dict[str, str]:
    return {"until": (timezone.now() + timedelta(hours=1)).isoformat()}
