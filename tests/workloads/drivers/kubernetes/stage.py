"""An application whose environment is a namespace of a cluster; its nodes may be KWOK's, which run nothing."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from typing import Any

from controlplane.core.actors import Actor
from workloads import actions, changes, deployments, rollback
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.drivers import Outcome, select
from workloads.models import Application, Change, Cluster, Deployment, Environment, Instance, Release, Target
from workloads.previews import Facts
from workloads.verdicts import Verdict

_numbers = itertools.count(1)
SYSTEM = Actor.system("test")
KWOK = {"node_selector": {"type": "kwok"}}
MIGRATE = [{"name": "migrate", "run": ["python", "manage.py", "migrate"], "when": "release"}]


@dataclass
class ClusterStage:
    """Where a test plays: `said` is what the driver told."""

    environment: Environment
    kube: Client
    namespace: str
    said: list[str] = field(default_factory=list)

    def say(self, text: str, *, kind: str = "note", level: str = "info") -> None:
        self.said.append(text)

    def options(self, **more: Any) -> None:
        """Change the target's options, part by part."""
        target = Target.objects.get(environment=self.environment)
        for name, value in more.items():
            known = target.options.get(name)
            target.options[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        target.save()

    def strategy(self, name: str) -> None:
        Target.objects.filter(environment=self.environment).update(strategy=name)

    def release(self, ref: str, *, values: dict[str, str] | None = None, **more: Any) -> Release:
        """A release with an image of its own."""
        number = next(_numbers)
        plan = {"processes": {"web": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:{port}"]}}
        configuration = {"GREETING": {"value": ref, "secret": False}, "TOKEN": {"value": f"hush-hush-{ref}", "secret": True}}
        configuration |= {name: {"value": value, "secret": False} for name, value in (values or {}).items()}
        given = {
            "commit": f"{number:040x}",
            "artefact_digest": "a" * 64,
            "configuration_digest": hashlib.sha256(repr(configuration).encode()).hexdigest(),
            "configuration": configuration,
            "run_plan": {**plan, **more.pop("plan", {})},
            "image": f"registry.example/shop@sha256:{hashlib.sha256(ref.encode()).hexdigest()}",
        }
        return Release.objects.create(application=self.environment.application, ref=ref, **{**given, **more})

    def propose(self, release: Release, *, approved: bool = True) -> Change:
        """A roll-out, with what the driver foresees of it; approved unless the policy shall judge."""
        self.environment.refresh_from_db()
        draft = actions.roll_out(release, Facts(world=select.world(self.environment, release)))
        preview = actions.preview(self.environment, [draft])
        judgement = changes.judge(SYSTEM, self.environment, draft)
        judgement = replace(judgement, policy_approves=True) if approved else judgement
        return changes.propose(
            SYSTEM,
            self.environment,
            f"Roll out {release.label}",
            [draft],
            preview,
            judgement,
            idempotency_key=f"k8s-{next(_numbers)}",
        )

    def apply(self, change: Change, *, key: str = "", lease: int = 1) -> Outcome:
        return changes.apply(change.pk, key=key or f"key-{change.pk}", fence=lease, say=self.say)

    def deploy(self, release: Release, verdict: Verdict = Verdict.PASSED) -> Outcome:
        """Proposed, approved, applied; live with this verdict where it got the traffic."""
        change = self.propose(release)
        outcome = self.apply(change)
        if outcome.switched:
            self.keep(change, verdict)
        self.environment.refresh_from_db()
        return outcome

    def keep(self, change: Change, verdict: Verdict = Verdict.PASSED) -> None:
        """What a Change applied is live, with this verdict."""
        deployments.mark_live(SYSTEM, Deployment.objects.get(change=change), verdict)

    def roll_back(self) -> Outcome:
        """Back to the last verified release, as the rules' rollback does it."""
        self.environment.refresh_from_db()
        change = rollback.propose(
            Actor.system("test"), self.environment, reason="a test", idempotency_key=f"k8s-{next(_numbers)}", automatic=True
        )
        outcome = changes.apply(change.pk, key=f"key-{change.pk}", fence=1, say=self.say)
        if outcome.switched:
            rollback.conclude(SYSTEM, change, outcome)
        self.environment.refresh_from_db()
        return outcome

    def live(self, kind: str, name: str) -> Json | None:
        return self.kube.get(kind_named(kind), name, self.namespace)

    def all(self, kind: str, labels: str = "") -> list[Json]:
        return self.kube.listing(kind_named(kind), self.namespace, labels=labels).items

    @property
    def active(self) -> Instance | None:
        self.environment.refresh_from_db()
        return self.environment.active_instance

    def selected_ready(self) -> int:
        """How many ready pods the stable Service selects."""
        service = self.live("Service", "shop")
        assert service is not None
        labels = ",".join(f"{name}={value}" for name, value in service["spec"]["selector"].items())
        pods = self.all("Pod", labels)
        return sum(
            any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
        )


def cluster_stage(kube: Client, kubeconfig: str, namespace: str, *, replicas: int = 3, **options: Any) -> ClusterStage:
    """`shop/production` in this namespace, three replicas on KWOK nodes, patience of a few seconds."""
    application = Application.objects.create(name="shop", repository="/nowhere")
    environment = Environment.objects.create(application=application, name="production", tier="production", driver="kubernetes")
    cluster = Cluster.objects.create(name="lab", read_credentials=kubeconfig, write_credentials=kubeconfig)
    given = {
        "processes": {"web": {"replicas": replicas}},
        "scheduling": KWOK,
        "rollout": {"interval": 3, "threshold": 3, "checks": "pods", "steps": [10, 50]},
        "network": {"enabled": False},
    }
    Target.objects.create(environment=environment, cluster=cluster, namespace=namespace, options={**given, **options})
    return ClusterStage(environment, kube, namespace)
