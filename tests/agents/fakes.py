"""Operations without an outside: they do what a scenario says and write each effect down once, as real ones do.

The folder of a fake is shared by processes. `scenario.json` says what happens; `calls` has a line for each call of a verb,
`effects` one for each effect that was really performed. An effect leaves a mark under its idempotency key, and a repeat
finds the mark. `"hang": "<node>:before"` (or `:after`, or `:inside` the effect) makes the first call of a node wait to be killed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from agents.context import Context
from tests.agents.incident_fakes import FakeIncidents
from workloads.changes import waiting
from workloads.evidence import Assessment, Evidence
from workloads.models import Action, Change
from workloads.verdicts import Verdict


class FakeOperations:
    def __init__(self, folder: Path, **scenario: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if scenario or not (folder / "scenario.json").exists():
            (folder / "scenario.json").write_text(json.dumps(scenario))

    @property
    def incidents(self) -> FakeIncidents:
        return FakeIncidents(self)

    @property
    def scenario(self) -> dict[str, Any]:
        return json.loads((self.folder / "scenario.json").read_text())  # type: ignore[no-any-return]

    def calls(self) -> list[str]:
        return self._lines("calls")

    def effects(self) -> list[str]:
        return self._lines("effects")

    def hanging(self) -> bool:
        return (self.folder / "hanging").exists()

    def go(self) -> None:
        """End all waiting."""
        (self.folder / "go").touch()

    def checkout(self, context: Context, ref: str) -> Assessment:
        return self._effect(context, f"Checked out {ref}.", {"commit": hashlib.sha1(ref.encode()).hexdigest()})

    def assess(self, context: Context, specialist: str, commit: str) -> Assessment:
        self._begin(context)
        for number in range(self.scenario.get("lines", {}).get(specialist, 1)):
            context.say(f"line {number} of {specialist}", kind="line")
        self._wait(context, self.scenario.get("seconds", {}).get(specialist, 0))
        if specialist in self.scenario.get("broken", []):
            raise RuntimeError(f"{specialist} broke")
        verdict = Verdict(self.scenario.get("verdicts", {}).get(specialist, "passed"))
        data = {"artefact": "a" * 64} if specialist == "cicd" else {}
        return self._end(context, Assessment(verdict, f"{specialist}: {verdict.label}", "Mend it.", data=data))

    def plan(self, context: Context, commit: str, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        assert assessments["cicd"]["artefact"] == "a" * 64
        return self._effect(context, "Planned.", {"release": 1})

    def plan_rollback(self, context: Context) -> Assessment:
        return self._effect(context, "Planned.", {"release": 1})

    def gate(self, context: Context, release: int, assessments: Mapping[str, Mapping[str, Any]]) -> Assessment:
        self._begin(context)
        change = self._change(context, Action.Kind.ROLL_OUT, self.scenario.get("policy", "approved"))
        return self._end(context, self._standing(change))

    def decision(self, context: Context, change: int) -> Assessment:
        self._begin(context)
        return self._end(context, self._standing(Change.objects.get(pk=change)))

    def apply(self, context: Context, change: int) -> Assessment:
        data = {"applied": self.scenario.get("applied", "switched"), "deployment": 1}
        found = self._effect(context, "Applied.", data)
        Change.objects.filter(pk=change).update(status=Change.Status.APPLIED)
        return found

    def verify(self, context: Context, deployment: int) -> Assessment:
        self._begin(context)
        self._wait(context, self.scenario.get("seconds", {}).get("verify", 0))
        verdict = Verdict(self.scenario.get("verified", "passed"))
        evidence = (Evidence("GET /", "request", {"status": 500 if verdict == Verdict.FAILED else 200}),)
        return self._end(
            context, Assessment(verdict, f"Verified: {verdict.label}.", "", evidence, data={"verified": verdict.value})
        )

    def promote(self, context: Context, deployment: int, question: int | None) -> Assessment:
        return self._effect(context, "Promoted.", {})

    def roll_back(self, context: Context, deployment: int) -> Assessment:
        return self._effect(context, "Rolled back.", {"returned": self.scenario.get("returned", True)})

    def ask(self, context: Context, deployment: int) -> Assessment:
        self._begin(context)
        change = self._change(context, Action.Kind.PROMOTE, "waiting")
        return self._end(context, Assessment(Verdict.INCONCLUSIVE, "Asked.", data={"question": change.pk}))

    def abandon(self, context: Context) -> Assessment:
        Change.objects.filter(run_number=context.run, status__in=Change.OPEN).update(status=Change.Status.CANCELLED)
        return self._effect(context, "Cleaned up.", {})

    def report(self, context: Context, outcome: str, nodes: Sequence[str]) -> Assessment:
        return self._effect(context, f"The end: {outcome}.", {})

    def _effect(self, context: Context, summary: str, data: dict[str, Any], more: str = "") -> Assessment:
        """As real effects: look for the mark of the key, otherwise perform and leave the mark."""
        self._begin(context)
        mark = self.folder / f"mark-{context.key}{more}"
        if not mark.exists():
            self._add("effects", f"{context.key}{more}")
            mark.touch()
        self._hang(context, "inside")
        return self._end(context, Assessment(Verdict.PASSED, summary, data=data))

    def _change(self, context: Context, kind: str, status: str, more: str = "") -> Change:
        change, made = Change.objects.get_or_create(
            idempotency_key=f"{context.key}{more}",
            defaults={
                "environment_id": context.environment,
                "title": f"{kind} by run {context.run}",
                "status": status,
                "preview": b"{}",
                "preview_sha256": hashlib.sha256(b"{}").hexdigest(),
                "risk": "low",
                "quorum": 1,
                "required_role": "approver",
                "proposed_by": "fake",
                "run_number": context.run,
                "expires_at": timezone.now() + timedelta(hours=1),
            },
        )
        if made:
            Action.objects.create(change=change, position=1, kind=kind)
            self._add("effects", f"{context.key}{more}")
        return change

    def _standing(self, change: Change) -> Assessment:
        decision = "waiting" if waiting.waits(change, timezone.now()) else change.status
        return Assessment(Verdict.PASSED, change.get_status_display(), data={"change": change.pk, "decision": decision})

    def _begin(self, context: Context) -> None:
        self._add("calls", context.node)
        context.say(f"{context.node} begins")
        self._hang(context, "before")

    def _end(self, context: Context, found: Assessment) -> Assessment:
        context.say(f"{context.node} ends")
        self._hang(context, "after")
        return found

    def _hang(self, context: Context, where: str) -> None:
        if self.scenario.get("hang") == f"{context.node}:{where}" and not self.hanging():
            (self.folder / "hanging").touch()
            time.sleep(600)

    def _wait(self, context: Context, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not context.cancelled() and not (self.folder / "go").exists():
            time.sleep(0.05)
        if context.cancelled():
            self._add("effects", f"{context.key} was told to stop")

    def _add(self, name: str, text: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(f"{text}\n")

    def _lines(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []
