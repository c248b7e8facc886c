"""Offers for what containers refer to and is not there: a ServiceAccount, a Secret, a ConfigMap or a key of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.service import alike
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.workloads import Workload
from workloads.repairs.edits import masked
from workloads.repairs.effects.declared import creatable, references
from workloads.repairs.kind import WORKLOADS
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import sources
from workloads.repairs.offering.variables import mark
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import Table, dig, labels, rows, table, word


def account(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The account as it is declared; the one that exists and is meant; else an account of the name, which has no rights."""
    found = finding.lasting(view, hypothesis)
    name = word(found.spec, "serviceAccountName") or word(found.spec, "serviceAccount") if found else ""
    if found is None or not name or view.named("ServiceAccount", found.namespace, name):
        return
    again = podless(view, [found])
    for each in _declared(view, "ServiceAccount", found.namespace, name, hypothesis):
        yield replace(each, parameters={**each.parameters, **again})
    there = {word(each, "metadata", "name") for each in view.kind("ServiceAccount") if view.seen(each)}
    for source in sources(view, found):
        former = word(source.spec, "serviceAccountName") or "default"
        if former != name and (former in there or former == "default"):
            yield _account(found, name, former, source.told, hypothesis)
    used = {word(each.spec, "serviceAccountName") for each in view.workloads if each.name != found.name}
    near = [each for each in there - used if alike(each, name) or each == found.name]
    if len(near) == 1:
        yield _account(found, name, near[0], "it exists and nobody else uses it", hypothesis)
    made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": found.namespace}}
    created = _created(made, f"Create the ServiceAccount {name}, without any rights, so that {found.name} gets pods", hypothesis)
    yield replace(created, parameters={**created.parameters, **again})


def podless(view: View, workloads: Iterable[Workload]) -> dict[str, Any]:
    """The parameters that let workloads without any pod be restarted: their controllers try again only after a while."""
    lasting = [each for each in workloads if each.kind in WORKLOADS and not each.standing_pods and each.desired]
    return {"restarts": [f"{each.kind}/{each.name}" for each in lasting], "at": mark(view)} if lasting else {}


def _account(workload: Workload, was: str, to: str, told: str, hypothesis: Hypothesis) -> Repair:
    """Old objects name it twice (`serviceAccount` is the deprecated alias, kept equal by the server)."""
    keys = [key for key in ("serviceAccount", "serviceAccountName") if key in workload.spec] or ["serviceAccountName"]
    edits = [{"path": [key], "was": was, "to": to} for key in keys]
    summary = f"Let {workload.name} run as ServiceAccount {to} ({told}; {was} does not exist)"
    return Repair("patch_template", finding.ref(workload), {"edits": edits}, summary, hypothesis.fault, hypothesis.object)


def bindings(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """What is absent, as it is declared; the name that was there before; a name that is nearly it and that nobody else uses."""
    found = finding.lasting(view, hypothesis)
    for kind, name in _absent(view, found) if found else ():
        assert found is not None
        yield from _declared(view, kind, found.namespace, name, hypothesis)
        yield from _applied(view, kind, found, name, hypothesis)
        for to, told in _instead(view, found, kind, name):
            if edits := list(_renaming(found, kind, name, to)):
                summary = f"Let {found.name} use {kind}/{to} ({told}; {name} does not exist)"
                yield Repair("patch_template", finding.ref(found), {"edits": edits}, summary, hypothesis.fault, hypothesis.object)
    if found is not None:
        yield from _keys(view, found, hypothesis)


def _absent(view: View, workload: Workload) -> Iterator[tuple[str, str]]:
    """What it refers to and is not there; where none of a kind was seen, what is declared and not there."""
    for kind in ("Secret", "ConfigMap"):
        for name in sorted(references(workload, kind)):
            known = view.kind(kind) or finding.declared(view, kind, workload.namespace, name)
            if known and not view.named(kind, workload.namespace, name):
                yield kind, name


def _instead(view: View, workload: Workload, kind: str, name: str) -> Iterator[tuple[str, str]]:
    there = {
        word(each, "metadata", "name") for each in view.kind(kind) if word(each, "metadata", "namespace") == workload.namespace
    }
    live = references(workload, kind)
    for source in sources(view, workload):
        former = references(_as(workload, source.template), kind) & there - live
        if len(former) == 1:
            yield former.pop(), source.told
    used = {each for other in view.workloads if other.name != workload.name for each in references(other, kind)}
    near = [each for each in there - used - live if alike(each, name) or each.startswith(name) or name.startswith(each)]
    if len(near) == 1:
        yield near[0], "it exists and nobody else uses it"


def _as(workload: Workload, template: Table) -> Workload:
    """The workload as if it had another template."""
    return Workload(workload.kind, workload.name, workload.namespace, {"spec": {"template": template}})


def _renaming(workload: Workload, kind: str, was: str, to: str) -> Iterator[dict[str, Any]]:
    """The edits that let every reference in containers and volumes name the other object."""
    direct, keyed = ("secretRef", "secretKeyRef") if kind == "Secret" else ("configMapRef", "configMapKeyRef")
    for container in rows(workload.spec, "containers"):
        path: list[Any] = ["containers", f"[name={word(container, 'name')}]"]
        for place, each in enumerate(rows(container, "envFrom")):
            if word(each, direct, "name") == was:
                yield {"path": [*path, "envFrom", place, direct, "name"], "was": was, "to": to}
        for each in rows(container, "env"):
            if word(each, "valueFrom", keyed, "name") == was:
                yield {"path": [*path, "env", f"[name={word(each, 'name')}]", "valueFrom", keyed, "name"], "was": was, "to": to}
    volume, named = ("secret", "secretName") if kind == "Secret" else ("configMap", "name")
    for each in rows(workload.spec, "volumes"):
        if word(each, volume, named) == was:
            yield {"path": ["volumes", f"[name={word(each, 'name')}]", volume, named], "was": was, "to": to}


def _keys(view: View, workload: Workload, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A key that a ConfigMap lacks: added as it is declared, or the reference mended where one key is nearly it."""
    for container in workload.containers:
        for each in rows(container.spec, "env"):
            name, key = word(each, "valueFrom", "configMapKeyRef", "name"), word(each, "valueFrom", "configMapKeyRef", "key")
            obj = view.named("ConfigMap", workload.namespace, name)
            if not obj or not key or key in labels(obj, "data") or dig(each, "valueFrom", "configMapKeyRef", "optional") is True:
                continue
            declared = labels(finding.declared(view, "ConfigMap", workload.namespace, name), "data")
            if key in declared and not masked(declared[key]):
                parameters = {"name": key, "was": None, "to": declared[key]}
                summary = f"Give ConfigMap {name} its key {key} as it is declared"
                ref = Ref("ConfigMap", name, workload.namespace)
                yield Repair("set_variable", ref, parameters, summary, hypothesis.fault, hypothesis.object)
            elif near := finding.closest(key, labels(obj, "data"), 0.8):
                variable = f"[name={word(each, 'name')}]"
                path = ["containers", f"[name={container.name}]", "env", variable, "valueFrom", "configMapKeyRef", "key"]
                edits = [{"path": path, "was": key, "to": near}]
                summary = f"Let {workload.name} read the key {near} of ConfigMap {name} ({key} does not exist)"
                yield Repair(
                    "patch_template", finding.ref(workload), {"edits": edits}, summary, hypothesis.fault, hypothesis.object
                )


def _declared(view: View, kind: str, namespace: str, name: str, hypothesis: Hypothesis) -> Iterator[Repair]:
    """What is declared, where all of it is known."""
    obj = finding.declared(view, kind, namespace, name)
    if not obj or masked(obj) or (kind == "Secret" and not (table(obj, "data") or table(obj, "stringData"))):
        return
    yield _created(creatable(obj, namespace), f"Create {kind}/{name} as it is declared", hypothesis)


def _applied(view: View, kind: str, workload: Workload, name: str, hypothesis: Hypothesis) -> Iterator[Repair]:
    """A Secret that Timonel applied: only its name is in the evidence, what is in it is kept."""
    obj = finding.declared(view, kind, workload.namespace, name)
    if kind != "Secret" or not obj or table(obj, "data") or not _of_timonel(workload):
        return
    made = _created(creatable(obj, workload.namespace), f"Create {kind}/{name} as it was applied", hypothesis)
    yield replace(made, parameters={**made.parameters, "applied": True})


def _of_timonel(workload: Workload) -> bool:
    return labels(workload.obj, "metadata", "labels").get("app.kubernetes.io/managed-by") == "timonel"


def _created(obj: dict[str, Any], summary: str, hypothesis: Hypothesis) -> Repair:
    ref = Ref(obj["kind"], obj["metadata"]["name"], obj["metadata"]["namespace"])
    return Repair("create_declared", ref, {"object": obj}, summary, hypothesis.fault, hypothesis.object)


def missing_service(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The Service that is called and not there, as it is declared."""
    called = {(each.namespace, each.service) for each in view.references}
    declared = {(namespace or hypothesis.namespace, name) for kind, namespace, name in view.declared if kind == "Service"}
    for namespace, name in sorted(called & declared):
        if namespace == hypothesis.namespace and not view.service(namespace, name):
            yield from _declared(view, "Service", namespace, name, hypothesis)


def missing_claim(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The claim that a pod waits for, as it is declared; or the claim of nearly its name that nobody else mounts."""
    found = finding.workload(view, hypothesis)
    for volume in rows(found.spec, "volumes") if found else ():
        assert found is not None
        name = word(volume, "persistentVolumeClaim", "claimName")
        if not name or view.named("PersistentVolumeClaim", found.namespace, name):
            continue
        yield from _declared(view, "PersistentVolumeClaim", found.namespace, name, hypothesis)
        there = {word(each, "metadata", "name") for each in view.kind("PersistentVolumeClaim") if view.seen(each)}
        used = {each for other in view.workloads if other.name != found.name for each in other.claims()}
        near = [each for each in there - used if alike(each, name)]
        if len(near) == 1:
            path = ["volumes", f"[name={word(volume, 'name')}]", "persistentVolumeClaim", "claimName"]
            edits = [{"path": path, "was": name, "to": near[0]}]
            summary = f"Let {found.name} mount the claim {near[0]} ({name} does not exist)"
            yield Repair("patch_template", finding.ref(found), {"edits": edits}, summary, hypothesis.fault, hypothesis.object)
