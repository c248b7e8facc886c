"""Which of what runs in a namespace is the application: its workloads, the one that answers, the Service before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.core.errors import Invalid, NotFound
from workloads.adopting.running import Json, Running, labels_of, meets, name_of, pod_labels, titles

NAMED = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/part-of", "app", "k8s-app")
NAME_THEM = "Name the application's with --deployment NAME; repeat it for workers and schedulers."


@dataclass(frozen=True, slots=True)
class Matched:
    """The application's objects, and the names of all others, which stay as they are."""

    web: Json | None
    background: tuple[Json, ...]
    service: Json | None
    ingresses: tuple[Json, ...]
    foreign: tuple[str, ...]

    @property
    def workloads(self) -> tuple[Json, ...]:
        """The one that answers first."""
        return (*((self.web,) if self.web else ()), *self.background)


def match(running: Running, application: str, named: Sequence[str] = ()) -> Matched:
    """The application's objects. Raises NotFound and Invalid, in words, where that cannot be told."""
    chosen = _named(running, named) if named else _recognised(running, application)
    for item in chosen:
        _demand_foreign(item)
    reached = {name_of(item): _services_of(running, item) for item in chosen}
    web = _web(chosen, reached)
    service = _service(reached[name_of(web)], application) if web else None
    ingresses = tuple(item for item in running.all("Ingress") if service is not None and name_of(service) in backends(item))
    ours = {*titles(chosen), *titles([service] if service else []), *titles(ingresses)}
    others = [item for item in running.items if item["kind"] not in {"Pod", "ConfigMap"} and titles([item])[0] not in ours]
    background = tuple(item for item in chosen if item is not web)
    return Matched(web, background, service, ingresses, titles(others))


def backends(ingress: Json) -> set[str]:
    """The Services that an Ingress leads to."""
    spec = ingress["spec"]
    paths = [path["backend"] for rule in spec.get("rules") or [] for path in (rule.get("http") or {}).get("paths") or []]
    found = [*paths, *([spec["defaultBackend"]] if spec.get("defaultBackend") else [])]
    return {str(one["service"]["name"]) for one in found if one.get("service")}


def _named(running: Running, named: Sequence[str]) -> list[Json]:
    there = ", ".join(name_of(item) for item in running.all("Deployment")) or "none"
    found = []
    for name in dict.fromkeys(named):
        item = running.named("Deployment", name)
        if item is None:
            raise NotFound(f"There is no Deployment {name} in the namespace.", cure=f"There are: {there}.")
        found.append(item)
    return found


def _recognised(running: Running, application: str) -> list[Json]:
    """By its labels, its name, or its image's name; those of one application only."""
    deployments = running.all("Deployment")
    if not deployments:
        raise NotFound("No Deployment runs in the namespace.", cure="Look at its name; StatefulSets are not adopted.")
    for recognised in (_by_label, _by_name, _by_image):
        found = [item for item in deployments if recognised(item, application)]
        if found:
            return found
    there = ", ".join(name_of(item) for item in deployments)
    raise NotFound(f"None of the namespace's Deployments looks like {application}: {there}.", cure=NAME_THEM)


def _by_label(item: Json, application: str) -> bool:
    return any({**labels_of(item), **pod_labels(item)}.get(name) == application for name in NAMED)


def _by_name(item: Json, application: str) -> bool:
    return name_of(item) == application or name_of(item).startswith(f"{application}-")


def _by_image(item: Json, application: str) -> bool:
    images = [str(one.get("image", "")) for one in item["spec"]["template"]["spec"].get("containers", [])]
    return any(image.partition("@")[0].rpartition("/")[2].partition(":")[0] == application for image in images)


def _demand_foreign(item: Json) -> None:
    if labels_of(item).get("app.kubernetes.io/managed-by") == "timonel":
        raise Invalid(
            f"Deployment {name_of(item)} was made by Timonel: there is nothing to adopt.",
            cure="Deploy to the environment it belongs to; its label timonel.dev/environment says which.",
        )


def _services_of(running: Running, workload: Json) -> list[Json]:
    return [item for item in running.all("Service") if meets(item["spec"].get("selector") or {}, pod_labels(workload))]


def _web(chosen: Sequence[Json], reached: dict[str, list[Json]]) -> Json | None:
    """The one behind a Service; of several the one that is called so."""
    found = [item for item in chosen if reached[name_of(item)]]
    if len(found) > 1:
        called = [item for item in found if name_of(item).endswith("web")]
        found = called if len(called) == 1 else found
    if len(found) > 1:
        names = ", ".join(name_of(item) for item in found)
        raise Invalid(f"Several Deployments are behind a Service: {names}.", cure=NAME_THEM)
    return found[0] if found else None


def _service(found: Sequence[Json], application: str) -> Json | None:
    """The one with the application's name, otherwise the first that has an address of its own."""
    named = [item for item in found if name_of(item) == application]
    standing = [item for item in found if item["spec"].get("clusterIP") != "None"]
    return next(iter([*named, *standing, *found]), None)
