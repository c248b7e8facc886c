"""An environment on a fake cluster as pages show it: a canary beside what runs, a worker that crashes, a route to nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.core.actors import Actor
from controlplane.core.models import User
from tests.fake_cluster import FakeCluster
from workloads import actions, changes
from workloads.adapters.kubernetes.view import VIEWS
from workloads.models import Application, Change, Cluster, Deployment, Drift, Environment, Instance, Release, Target
from workloads.policy import Judgement
from workloads.previews import Facts

Json = dict[str, Any]
NAMESPACE = "shop"
MADE = "\n".join(
    [
        "@@ -0,0 +1,9 @@",
        "+apiVersion: apps/v1",
        "+kind: Deployment",
        "+metadata:",
        "+  name: shop-web-green",
        "+spec:",
        "+  replicas: 1",
    ]
)
SECRET = "\n".join(
    [
        "@@ -1,4 +1,4 @@",
        " apiVersion: v1",
        " data:",
        "-  STRIPE_API_KEY: •••••• 1f2e3d4c",
        "+  STRIPE_API_KEY: •••••• 9a8b7c6d",
        " kind: Secret",
    ]
)
METRICS = {"api": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "plural": "pods", "namespaced": True}
OLD, NEW = "v1", "v2"
EMPTY: Json = {"configuration": {}, "run_plan": {}}
DIFF = "@@ -3,5 +3,5 @@\n spec:\n   progressDeadlineSeconds: 600\n-  replicas: 5\n+  replicas: 3\n   selector:\n     matchLabels:"

WORLD: Json = {
    "where": "harbour/shop",
    "strategy": "canary",
    "set": "green",
    "steps": [
        "Configuration and whatever moves nothing is applied.",
        "The migration Job runs before any pod changes; if it fails, nothing else happens.",
        "The set green gets 10 %, 25 %, 50 % of the traffic, 15 s each, and is judged at each step.",
    ],
    "differences": [
        {"kind": "Secret", "name": "shop-env", "what": "change", "diff": SECRET, "digest": "1", "clashes": []},
        {"kind": "Deployment", "name": "shop-web-green", "what": "create", "diff": MADE, "digest": "2", "clashes": []},
        {
            "kind": "Deployment",
            "name": "shop-worker",
            "what": "change",
            "diff": DIFF,
            "digest": "3",
            "clashes": [{"manager": "kubectl-edit", "fields": [".spec.replicas"]}],
        },
    ],
    "removals": [{"kind": "CronJob", "name": "shop-report", "uid": "u-1", "why": "the release has it no more", "asks": True}],
    "same": 9,
    "notes": ["PersistentVolumeClaim/media is kept although the release has it no more: it may hold data."],
}


def stamp(**ago: float) -> str:
    """A time that long ago, as Kubernetes writes it."""
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def marks(component: str, version: str = OLD, name: str = "", **more: str) -> dict[str, str]:
    """The labels of what Timonel makes."""
    number = version.removeprefix("v")
    return {
        "app.kubernetes.io/name": "shop",
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/managed-by": "timonel",
        "app.kubernetes.io/version": version,
        "timonel.dev/release": number,
        "timonel.dev/set": name,
        **more,
    }


def meta(name: str, labels: dict[str, str], *, owner: tuple[str, str] | None = None, made: str = "") -> Json:
    """An object's metadata."""
    found: Json = {"name": name, "namespace": NAMESPACE, "labels": labels, "creationTimestamp": made or stamp(hours=3)}
    if owner:
        found["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "uid": f"{owner[0]}-{owner[1]}", "controller": True}]
    return found


def deployment(name: str, labels: dict[str, str], wanted: int, ready: int, **status: Any) -> list[Json]:
    """A Deployment and its ReplicaSet."""
    container = {
        "name": labels["app.kubernetes.io/component"],
        "image": f"registry.example.org/team/shop@sha256:{'ab12' * 16}",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    chosen = {"matchLabels": {key: labels[key] for key in ("app.kubernetes.io/component", "timonel.dev/set")}}
    counts = {"readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": wanted, "replicas": wanted}
    spec = {"replicas": wanted, "selector": chosen, "template": template}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta(name, labels),
            "spec": spec,
            "status": {**counts, "observedGeneration": 9, **status},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": meta(f"{name}-7d9c", labels, owner=("Deployment", name)),
            "spec": spec,
        },
    ]


def pod(name: str, owner: str, labels: dict[str, str], *, ready: bool = True, restarts: int = 0, **status: Any) -> Json:
    """A pod of a ReplicaSet; `status` is put over the one of a pod that is well."""
    component = labels["app.kubernetes.io/component"]
    container = {
        "name": component,
        "image": f"registry.example.org/team/shop@sha256:{'ab12' * 16}",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    }
    now = {"name": component, "ready": ready, "restartCount": restarts, "state": {"running": {"startedAt": stamp(hours=2)}}}
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": stamp(hours=2)},
        {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": stamp(hours=1)},
    ]
    told = {"phase": "Running", "podIP": "10.0.0.7", "conditions": conditions, "containerStatuses": [now], **status}
    found = meta(name, labels, owner=("ReplicaSet", owner), made=stamp(hours=2))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": found,
        "spec": {"nodeName": "node-1", "containers": [container]},
        "status": told,
    }


def crashing(name: str, owner: str, labels: dict[str, str]) -> Json:
    """A pod whose container was killed for its memory, again and again."""
    ended = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": stamp(minutes=3)}
    waits = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=worker"}}
    component = labels["app.kubernetes.io/component"]
    status = {"name": component, "ready": False, "restartCount": 7, "state": waits, "lastState": {"terminated": ended}}
    return pod(name, owner, labels, ready=False, restarts=7, containerStatuses=[status])


def service(name: str, role: str, selector: dict[str, str]) -> Json:
    """A Service."""
    spec = {"type": "ClusterIP", "selector": selector, "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
    labels = {"app.kubernetes.io/managed-by": "timonel", "timonel.dev/service": role}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, labels), "spec": spec}


def ingress(name: str, host: str, backend: str) -> Json:
    """An Ingress with one rule, over TLS."""
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"name": "http"}}}}
    spec = {"tls": [{"hosts": [host]}], "rules": [{"host": host, "http": {"paths": [path]}}]}
    labels = {"app.kubernetes.io/managed-by": "timonel"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta(name, labels), "spec": spec}


def event(name: str, reason: str, message: str, about: tuple[str, str], **ago: float) -> Json:
    """A warning."""
    involved = {"kind": about[0], "name": about[1], "namespace": NAMESPACE}
    told = {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": involved,
        "lastTimestamp": stamp(**ago),
        "count": 4,
    }
    return {"apiVersion": "v1", "kind": "Event", "metadata": meta(name, {}), **told}


def usage(name: str, container: str, cpu: str, memory: str) -> Json:
    """What metrics-server says of one pod."""
    return {
        "apiVersion": METRICS["api"],
        "kind": "PodMetrics",
        "metadata": meta(name, {}),
        "timestamp": stamp(seconds=5),
        "containers": [{"name": container, "usage": {"cpu": cpu, "memory": memory}}],
    }


def job() -> list[Json]:
    """The migration Job that is done, with its pod."""
    labels, name = marks("migrate", NEW), "shop-migrate-1a2b"
    done = {"succeeded": 1, "completionTime": stamp(minutes=24), "conditions": [{"type": "Complete", "status": "True"}]}
    spec = {"template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "migrate", "image": "shop"}]}}}
    ended = {"name": "migrate", "ready": False, "restartCount": 0, "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}
    one = pod(f"{name}-x1", "", labels, ready=False, phase="Succeeded", containerStatuses=[ended])
    one["metadata"] = meta(f"{name}-x1", labels, owner=("Job", name), made=stamp(minutes=25))
    one["spec"]["containers"][0]["name"] = "migrate"
    made = meta(name, labels, made=stamp(minutes=25))
    return [{"apiVersion": "batch/v1", "kind": "Job", "metadata": made, "spec": spec, "status": done}, one]


def objects() -> list[Json]:
    """Everything in the namespace."""
    old, new, worker = marks("web", OLD, "blue"), marks("web", NEW, "green"), marks("worker", OLD)
    web = {"app.kubernetes.io/component": "web"}
    return [
        *deployment("shop-web-blue", old, 3, 3),
        *deployment("shop-web-green", new, 1, 1),
        *deployment("shop-worker", worker, 1, 0),
        *(pod(f"shop-web-blue-7d9c-{end}", "shop-web-blue-7d9c", old) for end in ("4kq2x", "9vh7m", "tt5rz")),
        pod("shop-web-green-7d9c-w8n4b", "shop-web-green-7d9c", new),
        crashing("shop-worker-7d9c-p2x9d", "shop-worker-7d9c", worker),
        service("shop", "stable", web),
        service("shop-preview", "preview", {**web, "timonel.dev/set": "green"}),
        service("shop-old-api", "", {"app": "nobody"}),
        ingress("shop", "shop.example.org", "shop"),
        ingress("shop-legacy", "old.example.org", "shop-gone"),
        *job(),
        event(
            "e1",
            "BackOff",
            "Back-off restarting failed container worker in pod shop-worker-7d9c-p2x9d",
            ("Pod", "shop-worker-7d9c-p2x9d"),
            minutes=2,
        ),
        event(
            "e2",
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
            ("Pod", "shop-web-green-7d9c-w8n4b"),
            minutes=9,
        ),
    ]


def launch(cluster: FakeCluster, *, measured: bool = True) -> None:
    """Fill the fake cluster."""
    cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    for item in objects():
        cluster.put(item)
    if measured:
        cluster.kinds.append(METRICS)
        for end, cpu, memory in (("4kq2x", "80m", "110Mi"), ("9vh7m", "140m", "121Mi"), ("tt5rz", "60m", "240Mi")):
            cluster.put(usage(f"shop-web-blue-7d9c-{end}", "web", cpu, memory))
        cluster.put(usage("shop-web-green-7d9c-w8n4b", "web", "45m", "96Mi"))
    for end in ("blue-7d9c-4kq2x", "blue-7d9c-9vh7m", "blue-7d9c-tt5rz", "green-7d9c-w8n4b"):
        name = f"shop-web-{end}"
        cluster.logs[NAMESPACE, name, "web", False] = [
            f"{stamp(seconds=60 - n)[:-1]}.{n:02d}0000000Z {'ERROR' if n % 9 == 8 else 'INFO'} GET /orders/{n} 200 in {n * 3} ms"
            for n in range(20)
        ]
    crash = (NAMESPACE, "shop-worker-7d9c-p2x9d", "worker")
    cluster.logs[*crash, False] = [f"{stamp(seconds=9)} starting worker"]
    cluster.logs[*crash, True] = [f"{stamp(minutes=3)} loading 2 million orders", f"{stamp(minutes=3)} password=hunter2-secret"]


@contextmanager
def harbour() -> Iterator[FakeCluster]:
    """The filled fake cluster; nobody looks at it any more afterwards."""
    with FakeCluster() as made:
        launch(made)
        yield made
        watching = VIEWS.forget()
    for view in watching:
        view.join(5)


def moor(application: Application, cluster: FakeCluster, name: str = "europe", tier: str = "production") -> Environment:
    """An environment of the application in that namespace, with a canary under way and a drift that stands."""
    held = Cluster.objects.create(
        name="harbour", kind=Cluster.Kind.KUBECONFIG, read_credentials=cluster.kubeconfig, server=cluster.url
    )
    environment = Environment.objects.create(application=application, name=name, tier=tier, driver=Environment.Driver.KUBERNETES)
    looked = datetime.now(UTC) - timedelta(minutes=4)
    Target.objects.create(environment=environment, cluster=held, namespace=NAMESPACE, strategy="canary", drift_looked_at=looked)
    old, _ = _instances(environment)
    Environment.objects.filter(pk=environment.pk).update(active_instance=old, routed_instance=old)
    Deployment.objects.create(
        environment=environment,
        release=old.release,
        status="live",
        verdict="passed",
        started_at=looked,
        finished_at=looked,
        verified_at=looked,
    )
    clash = {"manager": f"kubectl-edit ({stamp(minutes=50)})", "fields": ["spec.replicas"]}
    found = {"kind": "Deployment", "name": "shop-web-blue", "what": "change", "diff": DIFF, "digest": "1", "clashes": [clash]}
    told = {"where": "harbour/shop", "differences": [found], "same": 11}
    Drift.objects.create(environment=environment, objects_found=[told], digest="1" * 64, seen_at=looked)
    Drift.objects.create(
        environment=environment, objects_found=[told], digest="2" * 64, seen_at=looked, status="mended", ended_at=looked
    )
    environment.refresh_from_db()
    return environment


def waiting(environment: Environment, proposer: User) -> Change:
    """A change that waits: what it would do on the cluster, with a clash and a removal."""
    release = environment.application.releases.get(ref=NEW)
    draft = actions.roll_out(release, Facts(world=WORLD))
    judged = Judgement(
        "high", ("It removes what the release has no more: CronJob/shop-report.",), 1, "approver", False, timedelta(hours=24)
    )
    title = f"Roll out {NEW} of {environment.application.name} in {environment.name}, replacing {OLD}."
    preview = actions.preview(environment, [draft])
    return changes.propose(Actor.person(proposer), environment, title, [draft], preview, judged, idempotency_key="afloat")


def _instances(environment: Environment) -> list[Instance]:
    made = []
    for version, name, phase in ((OLD, "blue", "switched"), (NEW, "green", "switching")):
        digest = f"{version:0<64}".encode().hex()[:64]
        release, _ = Release.objects.get_or_create(
            application=environment.application,
            ref=version,
            defaults={"commit": digest[:40], "artefact_digest": digest, "configuration_digest": digest} | EMPTY,
        )
        rollout = {"strategy": "canary", "set": name, "phase": phase}
        key = f"{environment.pk}-{version}"
        made.append(Instance.objects.create(environment=environment, release=release, key=key, status="running", rollout=rollout))
    return made
