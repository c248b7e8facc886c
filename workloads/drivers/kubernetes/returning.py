"""The way back: what ran before gets all the traffic again, with its configuration and manifests; what failed is stopped."""

from __future__ import annotations

from dataclasses import dataclass

from workloads.drivers.kubernetes import kept, parts, permitted
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.drivers.kubernetes.sizes import replicas
from workloads.drivers.kubernetes.waiting import Ready, standing_of
from workloads.models import Instance

NOTHING = Parts()


@dataclass(frozen=True, slots=True)
class Back:
    """Which instance is left, and which one returns; None where nothing ran before."""

    leaving: Instance
    to: Instance | None

    @property
    def new(self) -> Parts:
        """What is left."""
        return kept.parts_of(self.leaving)

    @property
    def old(self) -> Parts:
        """What returns."""
        return kept.parts_of(self.to)


def bring_back(errand: Errand, back: Back) -> Ready:
    """Everything as it was. The traffic moves first where the old pods still stand, otherwise as soon as they do.

    What has no traffic any more is stopped at once: its pods may hold the room that the old ones need.
    """
    new, old = back.new, back.old
    errand.put_all(permitted.ours(errand, old.foundation), force=True)
    if old.web and _stands(errand, old):
        _give_traffic(errand, old)
        stop(errand, new, except_for=parts.titles(old.workloads))
    _at_full_size(errand, back)
    errand.put_all(old.scalers_of(old.web), force=True)
    ready = errand.until_ready(old.web)
    if ready.seconds is None:
        return ready
    _give_traffic(errand, old)
    errand.put_all(old.background, force=True)
    errand.put_all(old.scalers_of(old.background), force=True)
    errand.put_all(old.around, force=True)
    stop(errand, new, except_for=parts.titles(old.workloads))
    behind = errand.until_ready(old.background)
    return behind if behind.seconds is None else ready


def settle(errand: Errand, back: Back) -> None:
    """What returns does not stand: it has the address again all the same, unless pods of what is left could still answer."""
    if not _stands(errand, back.new):
        _give_traffic(errand, back.old)
        stop(errand, back.new, except_for=parts.titles(back.old.workloads))
    errand.put_all(back.old.background, force=True)


def stop(errand: Errand, made: Parts, *, except_for: set[str]) -> None:
    """Scale the workloads of a set to nothing; they stay, so that they can be looked at and can return."""
    for item in made.workloads:
        if parts.title(item) not in except_for and replicas(errand, item):
            errand.pen.put(parts.scaled(item, 0), force=True)


def _at_full_size(errand: Errand, back: Back) -> None:
    """The old web workloads, as many as they were; never fewer than there are of what is left."""
    beside = [count for item in back.new.web if (count := replicas(errand, item))]
    for item in back.old.web:
        asked = parts.replicas_of(item)
        size = asked if asked is not None else max([1, *beside, replicas(errand, item) or 0])
        errand.pen.put(parts.scaled(item, size) if asked is None else item, force=True)


def _give_traffic(errand: Errand, old: Parts) -> None:
    if old.service is not None:
        errand.pen.put(old.service, force=True)
    errand.put_all([item for item in old.around if item["kind"] == "HTTPRoute"], force=True)


def _stands(errand: Errand, made: Parts) -> bool:
    """Whether pods of this version itself are ready."""
    return standing_of(errand.patient, errand.namespace, made.web).ready > 0
