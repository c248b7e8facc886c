"""Writing to a cluster: applied on the server's side under one name, fenced, conditional, and never doubled.

Each object carries the fence of whoever wrote it last and the mark of the step that did. A worker whose lease was lost finds a
newer fence and stops; one that goes on after a crash finds the mark and does not write again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controlplane.core.errors import Conflict, DeadlineExceeded, LeaseLost, TimonelError
from workloads.adapters.kubernetes.failures import Clash, Forbidden
from workloads.adapters.kubernetes.kinds import Json, kind_named, kind_of
from workloads.drivers.kubernetes import parts
from workloads.drivers.kubernetes.asking import Patient, missing, passes
from workloads.foreseen import Removal

MANAGER = "timonel"
GONE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes for one step of one Change in one namespace."""

    patient: Patient
    namespace: str
    fence: int
    key: str
    forced: frozenset[str] = frozenset()

    def put(self, item: Json, *, force: bool = False, first: int | None = None) -> Json:
        """Make the object what is wanted. Forces only what was approved to be, or (`force`) what is our own set's.

        `first`: with how many replicas a workload begins that a scaler keeps from then on.
        Raises Conflict where somebody else owns a field, LeaseLost where a newer worker wrote already.
        """
        wanted = self._signed(item)
        name = parts.title(item)

        def write() -> Json:
            live = self.patient.ask(lambda client: client.get(kind_of(item), item["metadata"]["name"], self._space(item)))
            self._refuse_newer(live)
            if live is not None and _mark(live) == _mark(wanted):
                return live
            if live is not None and live["metadata"].get("deletionTimestamp"):
                self.gone(item)
                live = None
            return self._apply(
                conditional(_begun(wanted, first) if live is None else wanted, live), force=force or name in self.forced
            )

        return self.persist(write, name)

    def replace(self, item: Json) -> Json:
        """Write the whole object, conditional on its version: for fields that are to go although they are not ours."""
        kind, at = kind_of(item), item["metadata"]
        self._refuse_newer(item)
        path = kind.path(self._space(item), at["name"])
        return self.patient.client.ask("PUT", path, {"fieldManager": MANAGER}, item)

    def remove(self, removal: Removal) -> bool:
        """Remove this one object, by its uid; False where it is gone or another one has its name."""
        kind = kind_named(removal.kind)

        def delete() -> bool:
            return self.patient.ask(lambda client: client.delete(kind, removal.name, self.namespace, uid=removal.uid))

        try:
            return delete()
        except Clash:
            return False

    def gone(self, item: Json) -> None:
        """Wait until an object that is being removed is away."""
        until = time.monotonic() + GONE_SECONDS
        while self.patient.ask(lambda client: client.get(kind_of(item), item["metadata"]["name"], self._space(item))):
            if time.monotonic() > until:
                raise DeadlineExceeded(
                    f"{parts.title(item)} is being removed and does not go away.", cure="Look at its finalizers."
                )
            time.sleep(0.3)

    def persist(self, write: Callable[[], Json], name: str) -> Json:
        """Look and write (`write` does both); after an unknown outcome, or when the object has moved on meanwhile, again."""
        until = time.monotonic() + self.patient.patience
        attempt = 0
        while True:
            try:
                return write()
            except Forbidden as error:
                raise missing(error) from error
            except Clash as error:
                if owned_by_others(error):
                    raise Conflict(
                        f"Somebody else owns fields of {name}: {error.message}",
                        cure="Ask for it again: the new proposal shows them, and takes them over once approved.",
                    ) from error
                attempt += 1
                if not self.patient.pause(error, attempt, until):
                    raise
            except TimonelError as error:
                attempt += 1
                if not passes(error) or not self.patient.pause(error, attempt, until):
                    raise

    def _apply(self, item: Json, *, force: bool) -> Json:
        return self.patient.client.apply(item, manager=MANAGER, force=force)

    def _signed(self, item: Json) -> Json:
        signed = copy.deepcopy(item)
        notes = signed["metadata"].setdefault("annotations", {})
        notes[parts.FENCE] = str(self.fence)
        notes[parts.APPLIED] = parts.mark(self.key, item)
        return signed

    def _refuse_newer(self, live: Json | None) -> None:
        if live is not None and fence_of(live) > self.fence:
            raise LeaseLost(f"A newer worker wrote {parts.title(live)} already.")

    def _space(self, item: Json) -> str:
        return str(item["metadata"].get("namespace", ""))


def fence_of(live: Json) -> int:
    """The number of whoever wrote it last; 0 where that was not us."""
    told = str((live["metadata"].get("annotations") or {}).get(parts.FENCE, "0"))
    return int(told) if told.isdigit() else 0


def owned_by_others(clash: Clash) -> bool:
    """Whether the 409 is about who owns a field, not about the object having moved on."""
    return "conflict with" in clash.message or "conflicts with" in clash.message


def _mark(item: Json) -> str:
    return str((item["metadata"].get("annotations") or {}).get(parts.APPLIED, ""))


def _begun(wanted: Json, first: int | None) -> Json:
    return wanted if first is None or parts.replicas_of(wanted) is not None else parts.scaled(wanted, first)


def conditional(wanted: Json, live: Json | None) -> Json:
    """What is wanted, for as long as the live object is the one that was seen."""
    body = on_top_of(wanted, live)
    if live is not None:
        body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
    return body


def on_top_of(wanted: Json, live: Json | None) -> Json:
    """What is wanted; replicas that a scaler keeps stay as they are."""
    body: dict[str, Any] = copy.deepcopy(wanted)
    if live is None:
        return body
    if body["kind"] in parts.REPLICATED and parts.replicas_of(body) is None and parts.replicas_of(live):
        body["spec"]["replicas"] = parts.replicas_of(live)
    return body
