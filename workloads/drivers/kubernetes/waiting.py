"""Waiting until workloads stand: by watches, with a look at their pods now and then, and no longer than they get on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from controlplane.core.errors import TimonelError
from workloads.adapters.kubernetes.kinds import Json, Kind, kind_named, kind_of
from workloads.drivers import Say
from workloads.drivers.kubernetes import evidence, nodes, parts, pods
from workloads.drivers.kubernetes.asking import Patient
from workloads.drivers.kubernetes.pods import Standing
from workloads.drivers.kubernetes.progress import Progress, progress
from workloads.evidence import Evidence
from workloads.rollout import PROGRESS_DEADLINE_SECONDS

LOOK_SECONDS = 2.0
SURE_SECONDS = 4.0  # what looks fatal must look so for this long
POD = kind_named("Pod")


@dataclass(frozen=True, slots=True)
class Ready:
    """How long it took; `seconds` is None when it did not come up, and `why` says so."""

    seconds: float | None
    why: str = ""
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Wait:
    """One wait for workloads of one version. `patience`: seconds without getting on."""

    patient: Patient
    namespace: str
    workloads: Sequence[Json]
    patience: float
    secrets: frozenset[str]
    say: Say
    lost: Callable[[list[Json]], str] = lambda pods: ""  # which nodes of these pods do not report
    versions: dict[Kind, str] = field(default_factory=dict)
    told: str = ""

    def run(self) -> Ready:
        """Wait until all of them stand, or show that they will not."""
        began = moved = time.monotonic()
        fatal_since: float | None = None
        best: list[tuple[int, int, int]] = []
        looked, seen, most = 0.0, Standing(0, 0, 0, 0, ()), (0, 0)
        while True:
            found = self._stand()
            now = time.monotonic()
            if found and all(one.done for one in found):
                return Ready(now - began)
            marks = [one.mark for one in found]
            if now - looked >= LOOK_SECONDS:
                seen, looked = self._look(), now
                if (seen.ready, seen.started) > most:  # more than ever: pods that come and go do not get on
                    most, moved = (seen.ready, seen.started), now
                fatal_since = (fatal_since or now) if seen.failing else None
                self._tell(found)
            if not best or any(mark > old for mark, old in zip(marks, best, strict=False)):
                best, moved = marks, now
            why = self._over(found, seen, now - moved, now - fatal_since if fatal_since else 0.0)
            if why:
                return self._failed(why, seen)
            self._until_something(min(LOOK_SECONDS, max(self.patience - (time.monotonic() - moved), 0.2)))

    def _over(self, found: list[Progress], seen: Standing, still: float, fatal: float) -> str:
        """Why it has failed, or nothing yet."""
        exceeded = next((one for one in found if one.failed), None)
        if exceeded:
            return f"{exceeded.name}: {exceeded.failed}"
        if fatal >= SURE_SECONDS:
            return evidence.summary(seen.troubles)[0]
        if still < self.patience or (still < PROGRESS_DEADLINE_SECONDS and self._pulls(seen)):
            return ""
        short = next((one.short for one in found if one.short), "")
        trouble = evidence.summary(seen.troubles)[0]
        stands = "; ".join(one.text for one in found if not one.done) or "it is not there"
        return f"{stands}, and for {still:.0f} s it has not got on" + (f". {short or trouble}" if short or trouble else "")

    def _pulls(self, seen: Standing) -> bool:
        """Whether all it waits for is an image, on nodes that report: that may take longer."""
        pulling = seen.taken > 0 and seen.started == 0 and seen.ready == 0 and not seen.troubles
        return pulling and not self.lost(self._pods())

    def _failed(self, why: str, seen: Standing) -> Ready:
        found = self._pods()
        lost = self.lost([pod for pod in found if not pods.is_ready(pod)])
        why = f"{why}. Its {lost}" if lost else why
        cure = evidence.summary(seen.troubles)[1] or (nodes.CURE if lost else "Read the pods' states, events and logs.")
        return Ready(None, why, cure, evidence.of_pods(self.patient, self.namespace, found, self.secrets))

    def _stand(self) -> list[Progress]:
        """How each of them stands."""
        found = []
        for item in self.workloads:
            kind, name = kind_of(item), item["metadata"]["name"]
            live = get(self.patient, self.namespace, kind, name)
            if live is None:
                return []
            self.versions[kind] = max(self.versions.get(kind, ""), str(live["metadata"]["resourceVersion"]), key=_number)
            found.append(progress(live))
        return found

    def _look(self) -> Standing:
        return pods.standing(self._pods())

    def _pods(self) -> list[Json]:
        return pods_of(self.patient, self.namespace, self.workloads)

    def _until_something(self, seconds: float) -> None:
        """Watch the first kind of them until one of them changes, for so long at most."""
        names = {item["metadata"]["name"] for item in self.workloads}
        kind = next(iter(self.versions), None)
        until = time.monotonic() + seconds
        if kind is None:
            time.sleep(min(seconds, 0.5))
            return
        try:
            for event in self.patient.client.watch(kind, self.versions[kind], self.namespace, seconds=seconds):
                metadata = event.item.get("metadata", {})
                self.versions[kind] = str(metadata.get("resourceVersion") or self.versions[kind])
                if metadata.get("name") in names and event.type != "BOOKMARK":
                    return
                if time.monotonic() > until:
                    return
        except TimonelError:
            self.versions.pop(kind, None)  # too old, or not to be had: the next look begins anew
            time.sleep(0.3)

    def _tell(self, found: list[Progress]) -> None:
        text = "; ".join(one.text for one in found)
        if text and text != self.told:
            self.say(text)
            self.told = text


def pods_of(patient: Patient, namespace: str, workloads: Iterable[Json]) -> list[Json]:
    """The pods that this version of the workloads made."""
    found: list[Json] = []
    for item in workloads:
        found += listed(patient, namespace, parts.selector(parts.template_labels(item)))
    return found


def listed(patient: Patient, namespace: str, labels: str) -> list[Json]:
    """The pods with these labels."""
    return patient.ask(lambda client: client.listing(POD, namespace, labels=labels)).items


def get(patient: Patient, namespace: str, kind: Kind, name: str) -> Json | None:
    """One live object, or None."""
    return patient.ask(lambda client: client.get(kind, name, namespace))


def standing_of(patient: Patient, namespace: str, workloads: Iterable[Json]) -> Standing:
    """How those pods stand now."""
    return pods.standing(pods_of(patient, namespace, workloads))


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0
