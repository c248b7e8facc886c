"""Offers for Django: a host that is allowed, a setting as it was, one beat, workers that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Source
from workloads.diagnosis.view.cluster import View
from workloads.repairs.edits import masked
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import sources
from workloads.repairs.offering.pods import restarted
from workloads.repairs.offering.variables import places, setting
from workloads.repairs.offering.workloads import replicas
from workloads.repairs.templates import container_of
from workloads.repairs.values import Repair

_HOST = re.compile(r"(?:refuses its own name|Invalid HTTP_HOST header: ')\s?(?P<host>[a-zA-Z0-9.-]{1,253})")
_QUOTED = re.compile(r"\b(?P<name>[A-Z][A-Z0-9_]{2,60})\b")
_HOSTS = ("ALLOWED_HOSTS", "DJANGO_ALLOWED_HOSTS", "DJANGO_HOSTS", "HOSTS")


def host(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The host that is refused, added to the variable that lists the allowed ones."""
    found = finding.lasting(view, hypothesis)
    match = _HOST.search(hypothesis.summary)
    for place in places(view, found) if found and match else ():
        assert match is not None
        name = match["host"].rstrip(".").lower()
        listed = [each for each in re.split(r"[,\s]+", place.value) if each]
        if place.variable.upper() not in _HOSTS or name in listed or masked(place.value) or not place.value:
            continue
        to = f"{place.value}{' ' if ',' not in place.value and ' ' in place.value else ','}{name}"
        yield setting(view, place, place.value, to, f"it refuses its own name {name}", hypothesis)


def lost_setting(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A variable that the log misses, with the value that is declared or that a former revision had."""
    found = finding.lasting(view, hypothesis)
    told = " ".join(each.text for each in hypothesis.evidence if each.source is Source.LOG)
    missed = dict.fromkeys(match["name"] for match in _QUOTED.finditer(told))
    for source in sources(view, found) if found else ():
        assert found is not None
        for container in found.containers:
            before = container_of(source.spec, container.name)
            given = {str(each.get("name")): each for each in before.get("env") or [] if isinstance(each, dict)}
            for name in missed:
                value = given.get(name, {}).get("value")
                if isinstance(value, str) and value and not masked(value) and name not in container.env():
                    parameters = {"name": name, "was": None, "to": value, "container": container.name}
                    summary = f"Give {found.name} its variable {name} again ({source.told})"
                    yield Repair("set_variable", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)


def one_beat(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Exactly one pod of the beat."""
    found = finding.scalable(view, hypothesis)
    if found is not None and found.desired > 1:
        parameters = {"replicas": 1, "was": found.desired}
        summary = f"Scale {found.name} to 1, for beats beside each other send everything twice (it is {found.desired})"
        yield Repair("scale", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)


def more_workers(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Twice the workers; as many as there were where there are none."""
    found = finding.scalable(view, hypothesis)
    if found is None:
        return
    number, told = replicas(view, found) if not found.desired else (found.desired * 2, "so that the queue shrinks")
    parameters = {"replicas": number, "was": found.desired}
    summary = f"Scale {found.name} to {number} ({told}; it is {found.desired})"
    yield Repair("scale", finding.ref(found), parameters, summary, hypothesis.fault, hypothesis.object)


def missing_workers(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """As many workers as there were, where there shall be none; else those that are there anew."""
    found = finding.lasting(view, hypothesis)
    if found is not None and not found.desired:
        yield from more_workers(view, hypothesis)
    elif found is not None and not found.short:
        yield from restarted(view, hypothesis)
