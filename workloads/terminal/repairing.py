"""`manage.py repair`: what would mend what the newest diagnosis found; propose one of it, or the way back from one."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, NotFound, TimonelError
from workloads import diagnoses, mending, queries
from workloads.models import Change, Diagnosis, Environment
from workloads.offers import ROLL_BACK, Offer
from workloads.terminal import scopes

HELP = (
    "List the remedies of the newest diagnosis of an environment, each with a key; propose one by its key (a Change that is "
    "previewed, approved, applied and verified like any other), or propose to take an applied one back."
)


class RepairCommand(BaseCommand):
    """Proposes; nothing in the cluster changes before the Change is approved."""

    help = HELP
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("environment", nargs="?", default="", metavar="APPLICATION/NAME", help="where")
        parser.add_argument("--propose", default="", metavar="KEY", help="propose the remedy with this key")
        parser.add_argument("--pull-request", action="store_true", help="with --propose: open a pull request instead of committing")
        parser.add_argument("--undo", type=int, metavar="CHANGE", help="propose to take back what this change repaired")
        parser.add_argument("--no-preview", action="store_true", help="do not ask the cluster what each remedy would do")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """List or propose."""
        actor = scopes.terminal()
        try:
            if bool(options["environment"]) == (options["undo"] is not None):
                raise Invalid("Say where: an environment, or --undo with the number of a change.")
            if options["undo"] is not None:
                self._proposed(mending.propose_undo(actor, _change(options["undo"]), idempotency_key=_key()), options)
                return
            diagnosis = _newest(scopes.environment_named(options["environment"]))
            if options["propose"]:
                self._proposed(_propose(actor, diagnosis, options["propose"], reviewed=options["pull_request"]), options)
            else:
                self._list(diagnosis, mending.offered(actor, diagnosis, foresee=not options["no_preview"]), options)
        except TimonelError as error:
            raise CommandError(str(error)) from error

    def _list(self, diagnosis: Diagnosis, found: list[Offer], options: dict[str, Any]) -> None:
        if options["json"]:
            told = {"diagnosis": diagnosis.pk, "summary": diagnosis.summary, "offers": [_as_json(one) for one in found]}
            self.stdout.write(json.dumps(told, indent=1, ensure_ascii=False))
            return
        self.stdout.write(f"Diagnosis {diagnosis.pk}: {diagnosis.summary}")
        for index, hypothesis in enumerate(diagnosis.hypotheses):
            self.stdout.write(f"\n{hypothesis['object']}: {hypothesis['summary']} ({hypothesis['confidence']:.0%} sure)")
            mine = [one for one in found if one.hypothesis == index]
            for one in mine:
                self._offer(one)
            if not mine:
                self.stdout.write("  Nothing can be offered from this evidence.")

    def _offer(self, one: Offer) -> None:
        back = "can be undone" if one.reversible else "cannot be undone"
        self.stdout.write(f"  {one.key}  {one.summary} [{one.label}, {one.risk} risk, {back}]")
        if one.why_not:
            self.stdout.write(f"      ✗ {one.why_not}")
        for difference in one.world.differences if one.world else ():
            self.stdout.write("\n".join(f"      {line}" for line in difference.diff.splitlines()))
        for removal in one.world.removals if one.world else ():
            self.stdout.write(f"      - {removal.title} is removed")

    def _proposed(self, change: Change, options: dict[str, Any]) -> None:
        told = {"change": change.pk, "title": change.title, "status": change.status, "risk": change.risk}
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(f"Change {change.pk}: {change.title}\n{change.get_status_display().capitalize()}, {change.risk} risk.")


def _propose(actor: Actor, diagnosis: Diagnosis, key: str, *, reviewed: bool) -> Change:
    offer = mending.offer(actor, diagnosis, key)
    if offer.kind == ROLL_BACK or offer.repair is None:
        raise Invalid("A roll back has a command of its own.", cure=f"manage.py rollback {diagnosis.environment}")
    assert diagnosis.environment is not None
    return mending.propose(
        actor, diagnosis.environment, offer.repair, incident=diagnosis.incident, idempotency_key=_key(), reviewed=reviewed
    )


def _newest(environment: Environment) -> Diagnosis:
    found = diagnoses.visible(scopes.terminal()).filter(environment=environment, status=Diagnosis.Status.DONE).first()
    if found is None:
        raise NotFound(f"{environment} was never diagnosed.", cure=f"manage.py diagnose --environment {environment}")
    return found


def _change(number: int) -> Change:
    return queries.change_for(scopes.terminal(), number).change


def _key() -> str:
    return f"terminal-{uuid.uuid4()}"


def _as_json(one: Offer) -> dict[str, Any]:
    told = {"key": one.key, "hypothesis": one.hypothesis, "kind": one.kind, "summary": one.summary, "risk": one.risk}
    repair = one.repair.as_json() if one.repair else None
    world = one.world.as_json() if one.world else None
    return {**told, "reversible": one.reversible, "repair": repair, "world": world, "why_not": one.why_not}
