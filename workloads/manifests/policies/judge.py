"""Objects put to every rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controlplane.core.redaction import redact
from workloads.evidence import Fact
from workloads.manifests.policies import containers, pod_security, references, rights, workloads
from workloads.manifests.policies.rule import Rule, Subject

TOOL = "policies"
RULES: tuple[Rule, ...] = (*pod_security.RULES, *containers.RULES, *workloads.RULES, *references.RULES, *rights.RULES)


def judge(
    items: Sequence[Mapping[str, Any]],
    rules: Sequence[Rule] = RULES,
    *,
    among: Sequence[Mapping[str, Any]] = (),
    exempt: bool = True,
) -> tuple[Fact, ...]:
    """Everything that is wrong with these objects, in their order. `among` are others that they may refer to.

    `exempt` heeds the annotations by which polaris and kube-linter let a rule be; the Pod Security Standards know none.
    """
    others = [*items, *among]
    return tuple(fact for item in items for one in rules for fact in _facts(one, Subject(item, others), exempt))


def _facts(one: Rule, subject: Subject, exempt: bool) -> Iterator[Fact]:
    if exempt and _let_be(one, subject):
        return
    place = "/".join(part for part in (subject.kind, subject.namespace, subject.name) if part)
    for wrong in one.look(subject):
        yield Fact(TOOL, one.ids[0], one.severity, redact(f"{place}: {wrong}."), path=redact(place), cure=one.cure)


def _let_be(one: Rule, subject: Subject) -> bool:
    told = subject.annotations
    for public in one.ids:
        tool, _, name = public.partition("/")
        if tool == "polaris" and "true" in {
            told.get("polaris.fairwinds.com/exempt"),
            told.get(f"polaris.fairwinds.com/{name}-exempt"),
        }:
            return not one.ids[0].startswith("pod-security/")
        if tool == "kube-linter" and {"kube-linter.io/ignore-all", f"ignore-check.kube-linter.io/{name}"} & set(told):
            return not one.ids[0].startswith("pod-security/")
    return False
