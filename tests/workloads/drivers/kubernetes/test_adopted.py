"""On a node that really runs images: adopted under a steady load, without a failed request. Settings as for test_real."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from controlplane.core.actors import Actor
from tests.cluster import kubeconfig
from tests.workloads.adopting.live import service, web
from tests.workloads.drivers.kubernetes.stage import ClusterStage
from tests.workloads.drivers.kubernetes.test_real import IMAGE, SERVE, Steady
from tests.workloads.projects import project, repository
from workloads import adoption
from workloads.adapters.kubernetes import proxied
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.adoption import Asked
from workloads.models import Application, Cluster, Target
from workloads.verdicts import Verdict

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not IMAGE, reason="no image that really runs: set TIMONEL_TEST_IMAGE"),
]
NAMESPACE = "adopt-real"


def test_adopted_and_returned_without_a_failed_request(
    transactional_db: None, kube: Client, namespace: str, tmp_path: Path
) -> None:
    Application.objects.create(name="shop", repository=str(repository(project(tmp_path / "shop"))))
    Cluster.objects.create(name="lab", read_credentials=kubeconfig(), write_credentials=kubeconfig())
    container = {
        "image": IMAGE,
        "command": ["python", "-c", SERVE, "found", "8080"],
        "envFrom": [],
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 2},
    }
    live = web(container=container, nodeSelector=json.loads(os.environ.get("TIMONEL_TEST_NODES", "{}")))
    for item in (live, service()):
        kube.apply({**item, "metadata": {**item["metadata"], "namespace": namespace}}, manager="helm")
    until = time.monotonic() + 90
    while ((kube.get(kind_named("Deployment"), "web", namespace) or {}).get("status") or {}).get("readyReplicas") != 3:
        assert time.monotonic() < until, "what is to be adopted does not stand"
        time.sleep(0.5)
    with Steady(proxied.Door(kube, namespace, "shop", "shop.example.com")) as steady:
        adopted = adoption.adopt(Actor.system("terminal (test)"), Asked("shop", "production", "lab", namespace, commit="main"))
        target = Target.objects.get()
        target.options["rollout"] = {"interval": 8, "threshold": 6}
        target.save()
        shop = ClusterStage(adopted.environment, kube, namespace)
        outcome = shop.deploy(adopted.release)
        assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
        assert shop.roll_back().switched
    failed = [probe for probe in steady.seen if probe.status != 200]
    assert len(steady.seen) > 50 and not failed, (len(failed), len(steady.seen), failed[:1])
    returned = shop.live("Service", "shop")
    assert returned is not None and returned["spec"]["selector"] == {"app": "shop", "role": "web"}
