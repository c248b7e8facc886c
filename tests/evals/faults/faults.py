"""The faults: what somebody does to the town, what a diagnosis must call it, and where it must see the cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.evals.faults.town import IMAGE, Town, container, deployment, named
from workloads.adapters.kubernetes.kinds import Json


@dataclass(frozen=True)
class Fault:
    """`make` breaks it. `expected`: any of these (fault, object). `shared`: it touches the node that others use too."""

    name: str
    make: Callable[[Town], None]
    expected: tuple[tuple[str, str], ...]
    shared: bool = False
    clean: Callable[[Town], None] = field(default=lambda town: None)


def selector(town: Town) -> None:
    """The Service selects what nobody is."""
    town.edit("Service", "web", lambda found: found["spec"]["selector"].update(app="wbe"))


def target_port(town: Town) -> None:
    """The Service leads to a port where nobody listens."""
    town.edit("Service", "web", lambda found: found["spec"]["ports"][0].update(targetPort=8100))


def no_replicas(town: Town) -> None:
    """Scaled to nothing."""
    town.edit("Deployment", "web", lambda found: found["spec"].update(replicas=0))


def database_down(town: Town) -> None:
    """The database is scaled to nothing."""
    town.edit("Deployment", "db", lambda found: found["spec"].update(replicas=0))


def image(town: Town) -> None:
    """A tag that does not exist."""
    town.main("web", lambda one: one.update(image=IMAGE.split("@")[0] + ":0.0.0-never"))


def secret(town: Town) -> None:
    """A Secret that does not exist."""
    town.main("web", lambda one: named(one["env"], "SECRET_KEY")["valueFrom"]["secretKeyRef"].update(name="wbe"))


def config(town: Town) -> None:
    """A key that the ConfigMap does not have."""
    town.main("web", lambda one: named(one["env"], "GREETING")["valueFrom"]["configMapKeyRef"].update(key="GRETING"))


def account(town: Town) -> None:
    """A ServiceAccount that does not exist."""
    town.pod("web", lambda spec: spec.update(serviceAccountName="runner", serviceAccount="runner"))


def quota(town: Town, **hard: str) -> None:
    """No room for what is wanted."""
    town.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "room"}, "spec": {"hard": hard}})
    town.edit("Deployment", "web", lambda found: found["spec"].update(replicas=4))


def cpu_quota(town: Town) -> None:
    """No room for more cores."""
    quota(town, **{"requests.cpu": "35m"})


def pod_quota(town: Town) -> None:
    """No room for more pods."""
    quota(town, pods="3")


def memory_limit(town: Town) -> None:
    """Less than the program holds."""

    def change(one: Json) -> None:
        one["resources"] = {"requests": {"cpu": "10m", "memory": "24Mi"}, "limits": {"cpu": "500m", "memory": "24Mi"}}
        one["env"].append({"name": "HOLD_MIB", "value": "40"})

    town.main("web", change)


def readiness_port(town: Town) -> None:
    """Asked at a port where nobody listens."""
    town.main("web", lambda one: one["readinessProbe"]["httpGet"].update(port=8001))


def liveness_port(town: Town) -> None:
    """Killed for not answering where it does not listen."""
    town.main("web", lambda one: one["livenessProbe"]["httpGet"].update(port=8001))


def liveness_protocol(town: Town) -> None:
    """Asked in TLS, which it does not speak."""
    town.main("web", lambda one: one["livenessProbe"]["httpGet"].update(scheme="HTTPS"))


def variable_host(town: Town) -> None:
    """The database's name, misspelt."""
    town.main("web", lambda one: named(one["env"], "DB_HOST").update(value="databse"))


def variable_port(town: Town) -> None:
    """A port where no database listens."""
    town.main("web", lambda one: named(one["env"], "DB_PORT").update(value="5433"))


def dns(town: Town) -> None:
    """A name server that is none."""
    town.pod("web", lambda spec: spec.update(dnsPolicy="None", dnsConfig={"nameservers": ["198.18.255.254"]}))


def node_selector(town: Town) -> None:
    """A label that no node has."""
    town.pod("web", lambda spec: spec.update(nodeSelector={**spec.get("nodeSelector", {}), "disk": "ssd"}))


def cores(town: Town) -> None:
    """More cores than any node has."""
    town.main("web", lambda one: one["resources"].update(requests={"cpu": "400"}, limits={"memory": "96Mi"}))


def memory(town: Town) -> None:
    """More memory than any node has."""
    town.main("web", lambda one: one["resources"].update(requests={"memory": "9000Gi"}, limits={"cpu": "500m"}))


def sidecar(town: Town) -> None:
    """A second process that wants the same port."""

    def change(spec: Json) -> None:
        spec["containers"].append({**spec["containers"][0], "name": "proxy"})

    town.pod("web", change)


def command(town: Town) -> None:
    """A program that is not in the image."""
    town.main("web", lambda one: one.update(command=["gunicron", "shop.wsgi"]))


def root(town: Town) -> None:
    """An image that runs as root where that is forbidden."""
    town.main("web", lambda one: one["securityContext"].pop("runAsUser"))


def cordon(town: Town) -> None:
    """No node for the town's pods takes more of them, and the shop is to be moved."""
    for name in town.nodes():
        town.edit("Node", name, lambda found: found["spec"].update(unschedulable=True))
    town.restart("web")


def uncordon(town: Town) -> None:
    """They take pods again, whatever became of the test."""
    for name in town.nodes():
        town.edit("Node", name, lambda found: found["spec"].pop("unschedulable", None))


def taint(town: Town) -> None:
    """They take only who tolerates it."""
    kept = {"key": "dedicated", "value": "reports", "effect": "NoSchedule"}
    for name in town.nodes():
        town.edit("Node", name, lambda found: found["spec"].setdefault("taints", []).append(kept))
    town.restart("web")


def untaint(town: Town) -> None:
    """They take everybody again."""

    def change(found: Json) -> None:
        found["spec"]["taints"] = [one for one in found["spec"].get("taints", []) if one["key"] != "dedicated"]

    for name in town.nodes():
        town.edit("Node", name, change)


def beat(town: Town) -> None:
    """Two schedulers where one may be."""
    program = "import time; print('beat: Starting...', flush=True); time.sleep(10**6)"
    one = container(program, 9000, [], {"exec": {"command": ["true"]}})
    one["command"] = ["python", "-c", program, "celery", "-A", "shop", "beat"]
    town.create(deployment("beat", 2, one))
    town.until(lambda: town.stands("beat"), "the beats stand")


FAULTS = (
    Fault("bad selector", selector, (("service_selector_mismatch", "app/web"),)),
    Fault("wrong target port", target_port, (("service_port_mapping_mismatch", "app/web"),)),
    Fault("zero replicas", no_replicas, (("deployment_zero_replicas", "app/web"),)),
    Fault("database down", database_down, (("deployment_zero_replicas", "app/db"),)),
    Fault("bad image", image, (("incorrect_image_reference", "app/web"),)),
    Fault("missing secret", secret, (("missing_secret_binding", "app/web"),)),
    Fault("missing key", config, (("missing_secret_binding", "app/web"),)),
    Fault("missing service account", account, (("missing_service_account", "app/web"),)),
    Fault("cpu quota", cpu_quota, (("namespace_cpu_quota_exceeded", "namespace/{namespace}"),)),
    Fault("pod quota", pod_quota, (("namespace_pod_quota_exceeded", "namespace/{namespace}"),)),
    Fault("memory limit", memory_limit, (("oom_killed", "app/web"),)),
    Fault("readiness port", readiness_port, (("readiness_probe_incorrect_port", "app/web"),)),
    Fault("liveness port", liveness_port, (("liveness_probe_incorrect_port", "app/web"),)),
    Fault("liveness protocol", liveness_protocol, (("liveness_probe_incorrect_protocol", "app/web"),)),
    Fault("wrong variable: host", variable_host, (("service_env_var_address_mismatch", "app/web"),)),
    Fault(
        "wrong variable: port",
        variable_port,
        (("service_env_var_address_mismatch", "app/web"), ("postgresql_invalid_port", "app/web")),
    ),
    Fault("name server", dns, (("service_dns_resolution_failure", "app/web"),)),
    Fault("node selector", node_selector, (("node_selector_mismatch", "app/web"),)),
    Fault("too many cores", cores, (("cpu_capacity_mismatch", "app/web"),)),
    Fault("too much memory", memory, (("memory_capacity_mismatch", "app/web"),)),
    Fault("sidecar's port", sidecar, (("service_sidecar_port_conflict", "app/web"),)),
    Fault("no such program", command, (("container_command_not_found", "app/web"),)),
    Fault("runs as root", root, (("run_as_root_refused", "app/web"),)),
    Fault("two beats", beat, (("beat_duplicated", "app/beat"),)),
    Fault("cordoned node", cordon, (("node_cordon_mismatch", "app/web"),), shared=True, clean=uncordon),
    Fault("tainted node", taint, (("taint_toleration_mismatch", "app/web"),), shared=True, clean=untaint),
)
