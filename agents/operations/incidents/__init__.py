"""The operations of the graph `incident`: what `agents.context.Incidents` promises, done by the use cases of `workloads`.

One module a part of the way: waiting, looking, recalling, remedies, proposing, mending, ending, drafting. Each effect goes through
`workloads.changes.apply` under a key of its own; each may be asked again after a lost worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.context import Context
from agents.operations import leftovers
from agents.operations.incidents import ending, looking, mending, proposing, recalling, remedies, reporting, waiting
from workloads.evidence import Assessment


class RealIncidents:
    """Each verb in one module; see `agents.context.Incidents` for what they answer."""

    def calm(self, context: Context, incident: int, round: int) -> Assessment:
        """Whether anything is under way here, once what ended runs left is settled."""
        leftovers.settle(context)
        return waiting.calm(context, incident, round)

    def look(self, context: Context, incident: int, round: int) -> Assessment:
        """Diagnose what runs here as it is now."""
        return looking.look(context, incident, round)

    def suspects(self, context: Context, examination: int) -> Assessment:
        """What changed before the first symptom."""
        return looking.suspects(context, examination)

    def recall(self, context: Context, examination: int) -> Assessment:
        """What the knowledge base says of it."""
        return recalling.recall(examination)

    def remedies(self, context: Context, examination: int) -> Assessment:
        """What would mend it."""
        return remedies.remedies(context, examination)

    def gate(self, context: Context, examination: int) -> Assessment:
        """Propose one remedy, once nothing half-done is in its way."""
        leftovers.settle(context)
        return proposing.gate(context, examination)

    def decision(self, context: Context, incident: int, change: int) -> Assessment:
        """How a Change stands."""
        return proposing.decision(context, incident, change)

    def apply(self, context: Context, incident: int, change: int) -> Assessment:
        """Apply the approved Change."""
        return mending.apply(context, change)

    def verify(self, context: Context, incident: int, change: int) -> Assessment:
        """Whether its invariant holds."""
        return mending.verify(context, incident, change)

    def watched(self, context: Context, incident: int, change: int) -> Assessment:
        """Whether it was watched for long enough."""
        return waiting.watched(context, incident)

    def recheck(self, context: Context, examination: int, change: int) -> Assessment:
        """Diagnose again."""
        return looking.recheck(context, examination)

    def close(self, context: Context, examination: int, change: int) -> Assessment:
        """Resolve the incident."""
        return ending.close(context, examination, change)

    def undo(self, context: Context, incident: int, change: int) -> Assessment:
        """Propose to take the Change back."""
        return proposing.undo(context, incident, change)

    def take_back(self, context: Context, incident: int, change: int) -> Assessment:
        """Apply the Change that takes back."""
        return mending.take_back(context, change)

    def escalate(self, context: Context, incident: int, nodes: Sequence[str]) -> Assessment:
        """Mark it as needing a person."""
        return ending.escalate(context, incident, nodes)

    def report(self, context: Context, incident: int, outcome: str, nodes: Sequence[str]) -> Assessment:
        """The last word, and the draft."""
        return reporting.report(context, incident, outcome, nodes)
