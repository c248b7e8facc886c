"""Every rule of every family, with the stage at which its faults stop a workload: what stops earlier hides later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules import (
    admission,
    databases,
    django,
    infrastructure,
    names,
    performance,
    probes,
    routes,
    runtime,
    scheduling,
    service,
    startup,
    volumes,
)
from workloads.diagnosis.view.cluster import View

Rule = Callable[[View], Iterator[Hypothesis]]

STAGES: tuple[tuple[int, tuple[Rule, ...]], ...] = (
    (0, infrastructure.RULES),
    (1, admission.RULES),
    (2, (*scheduling.RULES, *volumes.RULES)),
    (3, startup.RULES),
    (4, (*runtime.RULES, *databases.RULES, *names.RULES, *django.RULES)),
    (5, probes.RULES),
    (6, (*service.RULES, *routes.RULES)),
    (7, performance.RULES),
)


def hypotheses(view: View) -> Iterator[tuple[int, Hypothesis]]:
    """What every rule supposes, with its stage."""
    for stage, rules in STAGES:
        for rule in rules:
            for found in rule(view):
                yield stage, found
