"""Offers for pods that do not start: an image that exists, credentials of the registry, what containers refer to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from controlplane.core.errors import Invalid
from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.service import alike
from workloads.diagnosis.rules.startup import PULLING
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.pods import Container, Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.images.reference import Reference, parse
from workloads.repairs.offering import finding
from workloads.repairs.offering.former import sources
from workloads.repairs.templates import container_of
from workloads.repairs.values import Repair
from workloads.unchecked import dig, rows, table, whole, word, words


def images(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The image that is declared or ran before; else one that is known to exist and differs in as little as can be."""
    found = finding.lasting(view, hypothesis)
    for container in refused(found) if found else ():
        assert found is not None
        was = word(container.spec, "image")
        for source in sources(view, found):
            to = word(container_of(source.spec, container.name), "image")
            if to and to != was:
                yield _image(found, container.name, was, to, source.told, hypothesis)
        for to, told in _nearest(view, found, was, hypothesis.fault != "missing_image_pull_secret"):
            if to != was:
                yield _image(found, container.name, was, to, told, hypothesis)


def refused(workload: Workload) -> list[Container]:
    """Containers of the template whose image cannot be pulled now."""
    names = {each.name for pod in workload.standing_pods for each in pod.containers if each.waiting in PULLING}
    template = [Container(word(each, "name"), each, {}, True) for each in rows(workload.spec, "initContainers")]
    return [each for each in (*workload.containers, *template) if each.name in names]


def _image(workload: Workload, container: str, was: str, to: str, told: str, hypothesis: Hypothesis) -> Repair:
    return Repair(
        "set_image",
        finding.ref(workload),
        {"container": container, "was": was, "to": to},
        f"Set the image of {workload.name} to {to} ({told}; it is {was})",
        hypothesis.fault,
        hypothesis.object,
    )


def _nearest(view: View, workload: Workload, was: str, with_tags: bool) -> Iterator[tuple[str, str]]:
    """Images that exist: of the same name on a node or in a pod, of the same path elsewhere; then as sister workloads have it.

    Another tag of it needs the same credentials: `with_tags` is false where those are what is missing.
    """
    reference = _parsed(was)
    if reference is None:
        known = {name for name in known_images(view, workload) if "@" not in name}
        if near := finding.closest(was, known, 0.85):
            yield near, "an image of nearly this name runs here"
        return
    known_ = {name: each for name in known_images(view, workload) if (each := _parsed(name)) and each.tag}
    same = [name for name, each in known_.items() if each.name == reference.name and each.tag != reference.tag]
    if with_tags and (chosen := same[0] if len(same) == 1 else finding.closest(was, same, 0.5)):
        yield chosen, "this tag of it is known here"
    elsewhere = [n for n, each in known_.items() if _same_path(each, reference) and each.registry != reference.registry]
    if tagged := [n for n in elsewhere if known_[n].tag == reference.tag] or elsewhere:
        yield tagged[0], "it is known from this registry"
    alike = [name for name, each in known_.items() if each.repository != reference.repository and each.tag == reference.tag]
    if near := finding.closest(was, alike, 0.9):
        yield near, "an image of nearly this name runs here"
    yield from _as_sisters(view, workload, reference)


def _same_path(one: Reference, other: Reference) -> bool:
    return one.repository.removeprefix("library/") == other.repository.removeprefix("library/")


def _as_sisters(view: View, workload: Workload, reference: Reference) -> Iterator[tuple[str, str]]:
    """As two or more sister workloads, all alike, have it: their tag and registry for the same folder, their names."""
    folder = reference.repository.rpartition("/")[0]
    running = {each: parsed for each, parsed in running_images(view, workload) if folder}
    sisters = {each: one for each, one in running.items() if one.repository.rpartition("/")[0] == folder}
    tags = Counter(each.tag for each in sisters.values() if each.registry == reference.registry)
    if len(tags) == 1 and (tag := next(iter(tags))) not in ("", reference.tag) and tags[tag] > 1:
        yield f"{reference.name}:{tag}", f"{tags[tag]} images of {folder} run with this tag"
    within = [one for one in running.values() if f"/{one.repository.rpartition('/')[0]}".endswith(f"/{folder}")]
    places = Counter(one.name.rpartition("/")[0] for one in within if one.tag == reference.tag)
    place, name = next(iter(places), ""), reference.repository.rpartition("/")[2]
    if len(places) == 1 and place != reference.name.rpartition("/")[0] and places[place] > 1:
        yield f"{place}/{name}:{reference.tag}", f"{places[place]} images of {folder} run from there"
    called = [each for each, one in sisters.items() if one.repository.rpartition("/")[2] == each]
    if len(called) > 1 and len(called) > len(sisters) / 2 and name != workload.name and alike(name, workload.name):
        told = f"{len(called)} images of {folder} are called as their workloads"
        yield f"{reference.registry}/{folder}/{workload.name}:{reference.tag}", told


def known_images(view: View, workload: Workload) -> set[str]:
    """Images that were pulled: nodes list those they hold, pods those they run."""
    held = {name for node in view.nodes for each in rows(node.obj, "status", "images") for name in words(each, "names")}
    running = {word(container.spec, "image") for each in view.every_workload for pod in each.pods for container in _running(pod)}
    return {name for name in held if "@" not in name and "<none>" not in name} | running - {""}


def running_images(view: View, workload: Workload) -> Iterator[tuple[str, Reference]]:
    """Other workloads of the namespace by name, with the image of their first container that runs."""
    for each in view.workloads:
        pods = each.standing_pods if each.namespace == workload.namespace and each.name != workload.name else ()
        first = next((container for pod in pods for container in _running(pod)), None)
        if first and (parsed := _parsed(word(first.spec, "image"))):
            yield each.name, parsed


def _running(pod: Pod) -> list[Container]:
    return [each for each in pod.containers if each.ready or table(each.status, "state", "running")]


def _parsed(text: str) -> Reference | None:
    try:
        return parse(text)
    except Invalid:
        return None


def pull_secrets(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """The pull secret that is declared or was there before; one of nearly the name; the one with which sisters pull from there."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    live = rows(found.spec, "imagePullSecrets")
    for to, told in _secrets(view, found):
        if to and to != live:
            edit = {"path": ["imagePullSecrets"], "to": to} | ({"was": live} if live else {})
            names = ", ".join(word(each, "name") for each in to)
            summary = f"Let {found.name} pull with {names} ({told})"
            yield Repair("patch_template", finding.ref(found), {"edits": [edit]}, summary, hypothesis.fault, hypothesis.object)


def _secrets(view: View, workload: Workload) -> Iterator[tuple[list[dict[str, str]], str]]:
    for source in sources(view, workload):
        yield [{"name": word(each, "name")} for each in rows(source.spec, "imagePullSecrets")], source.told
    there = {word(each, "metadata", "name") for each in view.kind("Secret") if view.seen(each) and _of_registry(each)}
    live = [word(each, "name") for each in rows(workload.spec, "imagePullSecrets")]
    mended = [name if name in there else finding.closest(name, there, 0.85) for name in live]
    if live and all(mended):
        yield [{"name": name} for name in mended], "the one it names does not exist, this one does"
    sisters = {name for each in view.workloads if each.ready and _hosts(each) & _hosts(workload) for name in _names(each)}
    if there:
        sisters &= there
    if len(sisters) == 1:
        yield [{"name": sisters.pop()}], "others pull from the same registry with it"


def _of_registry(secret: object) -> bool:
    return word(secret, "type") in ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg", "")


def _hosts(workload: Workload) -> set[str]:
    return {each.registry for container in workload.containers if (each := _parsed(word(container.spec, "image")))}


def _names(workload: Workload) -> set[str]:
    return {word(each, "name") for each in rows(workload.spec, "imagePullSecrets")}


def owned(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Volumes that belong to the group of a process that may not use them: the group it runs as, else its user's number."""
    found = finding.lasting(view, hypothesis)
    if found is None:
        return
    context = table(found.spec, "securityContext")
    ids = [whole(context, "runAsGroup"), whole(context, "runAsUser")]
    for each in found.containers:
        ids += [whole(each.spec, "securityContext", "runAsGroup"), whole(each.spec, "securityContext", "runAsUser")]
    group, was = next((number for number in ids if number), 0), dig(context, "fsGroup")
    if not group or was == group or not found.claims():
        return
    edit = {"path": ["securityContext", "fsGroup"], "to": group} | ({"was": was} if was is not None else {})
    summary = f"Let the volumes of {found.name} belong to group {group}, as which it runs"
    yield Repair("patch_template", finding.ref(found), {"edits": [edit]}, summary, hypothesis.fault, hypothesis.object)
