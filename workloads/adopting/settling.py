"""What runs, settled as processes, variables, options and patches: so that our manifests make the same pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from controlplane.core.errors import Invalid
from workloads.adopting import containers, routing
from workloads.adopting.matching import Matched
from workloads.adopting.running import Json, Running, name_of
from workloads.quantities import amount

WEB = "web"
FIRST_PORT = 1024


@dataclass(frozen=True, slots=True)
class Settled:
    """What a Target and a Release are made of. `notes` are sentences for whoever decides."""

    processes: dict[str, list[str]]
    values: dict[str, str]
    options: dict[str, Any]
    patches: tuple[Json, ...]
    health_path: str
    notes: tuple[str, ...] = ()


@dataclass
class _Sheet:
    """Filled in while the workloads are gone through."""

    options: dict[str, Any] = field(default_factory=dict)
    patches: list[Json] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def settle(running: Running, matched: Matched, application: str) -> Settled:
    """Everything that is known of it. Raises Invalid for what our manifests cannot give."""
    sheet = _Sheet()
    named = {process_of(item, matched, application): item for item in matched.workloads}
    if len(named) < len(matched.workloads):
        raise Invalid("Two of the Deployments would be the same process.", cure="Name those to adopt with --deployment.")
    entry = any(not containers.main(item).get("command") for item in named.values())
    processes = {}
    for process, item in named.items():
        processes[process] = containers.argv(item, keep_entrypoint=entry)
        _process(sheet, running, process, item, entry=entry)
    lead = next(iter(named.values()))
    _shared(sheet, lead, entry=entry)
    if matched.web is not None:
        sheet.options |= routing.options(matched, application, sheet.notes)
        sheet.options["port"] = _port(matched.web)
    values = containers.values(running, list(named.values()), sheet.notes)
    _secrets(sheet, named)
    health = containers.health_path(matched.web) if matched.web else ""
    return Settled(processes, values, sheet.options, tuple(sheet.patches), health, tuple(dict.fromkeys(sheet.notes)))


def process_of(item: Json, matched: Matched, application: str) -> str:
    """What the process is called: web, or its Deployment's name without the application's."""
    if item is matched.web:
        return WEB
    return name_of(item).removeprefix(f"{application}-").replace("-", "_") or "worker"


def _process(sheet: _Sheet, running: Running, process: str, item: Json, *, entry: bool) -> None:
    """Replicas, resources, what scales it; and as patches what no option says."""
    chosen: dict[str, Any] = {"replicas": int(item["spec"].get("replicas", 1)), **_resources(sheet, process, item)}
    scaler = next((one for one in running.all("HorizontalPodAutoscaler") if _scales(one, item)), None)
    if scaler is not None:
        chosen["autoscale"] = _autoscale(scaler)
    seconds = item["spec"]["template"]["spec"].get("terminationGracePeriodSeconds")
    if seconds is not None and int(seconds) != 30:
        chosen["grace"] = max(int(seconds) - 10, 0)
    sheet.options.setdefault("processes", {})[process] = chosen
    patch = containers.patch(item, process, keep_entrypoint=entry)
    if patch:
        component = process.replace("_", "-")
        sheet.patches.append({"kind": "Deployment", "component": component, "patch": {"spec": {"template": {"spec": patch}}}})


def _resources(sheet: _Sheet, process: str, item: Json) -> dict[str, str]:
    asked = containers.main(item).get("resources") or {}
    requests, limits = asked.get("requests") or {}, asked.get("limits") or {}
    memory = str(limits.get("memory") or requests.get("memory") or "")
    found = {"cpu": _cores(requests.get("cpu")), "memory": memory, "cpu_limit": _cores(limits.get("cpu"))}
    if not requests.get("cpu") or not memory:
        sheet.notes.append(f"Process {process} asks for no CPU or memory today: it gets what its tier proposes.")
    if requests.get("memory") and amount(requests["memory"]) != amount(memory):
        sheet.notes.append(f"Process {process} will request all of the memory that it is limited to ({memory}).")
    return {name: value for name, value in found.items() if value}


def _cores(told: Any) -> str:
    """As the option is written: whole or thousandths."""
    number = amount(told) if told is not None else None
    if number is None:
        return ""
    return str(round(number)) if number == round(number) else f"{max(1, round(number * 1000))}m"


def _scales(scaler: Json, item: Json) -> bool:
    target = scaler["spec"].get("scaleTargetRef") or {}
    return bool(target.get("kind") == "Deployment" and target.get("name") == name_of(item))


def _autoscale(scaler: Json) -> dict[str, int]:
    found = {"min": int(scaler["spec"].get("minReplicas", 1)), "max": int(scaler["spec"]["maxReplicas"])}
    for metric in scaler["spec"].get("metrics") or []:
        target = (metric.get("resource") or {}).get("target") or {}
        if (metric.get("resource") or {}).get("name") == "cpu" and target.get("averageUtilization"):
            found["cpu"] = min(max(int(target["averageUtilization"]), 10), 95)
    return found


def _shared(sheet: _Sheet, lead: Json, *, entry: bool) -> None:
    """What is said once for all pods: taken from the one that answers."""
    spec = lead["spec"]["template"]["spec"]
    sheet.options["make_namespace"] = False
    sheet.options["network"] = {"enabled": False}
    sheet.notes.append("The namespace keeps its own network rules; ours are left out until you switch them on.")
    if entry:
        sheet.options["keep_entrypoint"] = True
    user = {**(spec.get("securityContext") or {}), **(containers.main(lead).get("securityContext") or {})}.get("runAsUser")
    sheet.options["user"] = int(user) if user else None
    home = containers.main(lead).get("workingDir")
    if home and home != "/":
        sheet.options["home"] = home
    if secrets := [str(one["name"]) for one in spec.get("imagePullSecrets") or []]:
        sheet.options["pull_secrets"] = secrets
    if (account := spec.get("serviceAccountName")) and account != "default":
        sheet.options["account"] = {"name": account, "existing": True}
    wanted = {
        "node_selector": spec.get("nodeSelector"),
        "tolerations": spec.get("tolerations"),
        "priority_class": spec.get("priorityClassName"),
    }
    if chosen := {name: value for name, value in wanted.items() if value}:
        sheet.options["scheduling"] = chosen


def _port(web: Json) -> int:
    """Where it listens. Raises Invalid for a port that our pods may not listen on."""
    port = containers.port(web)
    if port is None:
        raise Invalid(
            f"Deployment {name_of(web)} names no port it listens on.", cure="Name it there as containerPort, then ask again."
        )
    if port < FIRST_PORT:
        raise Invalid(
            f"Deployment {name_of(web)} listens on port {port}, which only root may.",
            cure=f"Have it listen on {FIRST_PORT} or above, as a plain user, then ask again.",
        )
    return port


def _secrets(sheet: _Sheet, named: dict[str, Json]) -> None:
    """A whole Secret that pods read is named; single keys are given by patches. No value is ever read."""
    found: Sequence[str] = list(dict.fromkeys(name for item in named.values() for name in containers.secrets(item)))
    if found:
        sheet.options["secrets"] = {"kind": "existing", "name": found[0]}
        sheet.notes.append(f"The values in Secret {found[0]} stay there: Timonel names it and reads none of them.")
    if len(found) > 1:
        raise Invalid(f"Its pods read several Secrets whole: {', '.join(found)}.", cure="Join them into one, then ask again.")
