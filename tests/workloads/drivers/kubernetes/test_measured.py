"""A canary judged by a live Prometheus that scrapes its pods: passed, rolled back, too little to tell, nothing to tell.

`TIMONEL_TEST_PROMETHEUS` is its address; image and nodes are those of test_real. The pods count requests by themselves: so many a
second, so many of them failed, from a process argument.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.cluster import kubeconfig
from tests.workloads.drivers.kubernetes.stage import ClusterStage, cluster_stage
from workloads.adapters.kubernetes.client import Client
from workloads.models import Cluster, Target
from workloads.verdicts import Verdict

IMAGE = os.environ.get("TIMONEL_TEST_IMAGE", "")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(400),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not IMAGE, reason="no image that really runs: set TIMONEL_TEST_IMAGE"),
]
NAMESPACE = "adopt-measured"
PATHS = 15  # series of one pod: so that a few scrapes make 50 points
COUNT = f"""
import http.server, random, sys, time
port, rate, bad, slow = int(sys.argv[1]), *map(float, sys.argv[2:5])
began = time.time()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        number = int((time.time() - began) * rate)
        lines = [f"shop_requests_total {{number}}", f"shop_errors_total {{int(number * bad)}}"]
        lines += [f'shop_seconds{{{{path="{{one}}"}}}} {{slow * (1 + random.random() / 5)}}' for one in range({PATHS})]
        body = "\\n".join([*lines, ""]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("", port), Page).serve_forever()
"""
PODS = 'namespace="{namespace}",pod=~"{workload}-[a-z0-9]+-[a-z0-9]+"'
RATIO = {
    "name": "success",
    "query": f"sum(increase(shop_requests_total{{{PODS}}}[{{window}}]))",
    "errors": f"sum(increase(shop_errors_total{{{PODS}}}[{{window}}]))",
}
SLOWER = {"name": "seconds", "query": f"shop_seconds{{{PODS}}}", "compare": "increase"}
SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": "8000", "prometheus.io/path": "/metrics"}


@pytest.fixture
def shop(transactional_db: None, kube: Client, namespace: str, prometheus: str) -> ClusterStage:
    """Two pods that really run and are scraped; a canary of one step, judged by what Prometheus says."""
    nodes = json.loads(os.environ.get("TIMONEL_TEST_NODES", "{}"))
    rollout = {"interval": 40, "threshold": 3, "steps": [50], "checks": "pods"}
    found = cluster_stage(kube, kubeconfig(), namespace, replicas=2, rollout=rollout, scheduling={"node_selector": nodes})
    found.options(processes={"web": {"cpu": "20m", "memory": "64Mi", "replicas": 2}})
    found.strategy("canary")
    pods = {"spec": {"template": {"metadata": {"annotations": SCRAPED}}}}
    Target.objects.update(patches=[{"kind": "Deployment", "component": "web", "patch": pods}])
    Cluster.objects.update(prometheus_url=prometheus)
    return found


def release(shop: ClusterStage, word: str, *, rate: float = 40, bad: float = 0, slow: float = 0.1) -> Any:
    argv = ["python", "-c", COUNT, "{port}", str(rate), str(bad), str(slow)]
    return shop.release(word, plan={"processes": {"web": argv}, "health_path": "/", "pages": ["/"]}, image=IMAGE)


def measured(shop: ClusterStage, *metrics: dict[str, Any]) -> None:
    shop.options(rollout={"metrics": list(metrics)})


@pytest.mark.slow
def test_enough_good_requests_pass(shop: ClusterStage) -> None:
    shop.deploy(release(shop, "v1"))
    measured(shop, RATIO)
    outcome = shop.deploy(release(shop, "v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.PASSED), outcome
    assert shop.active is not None and shop.active.release.ref == "v2"
    assert shop.selected_ready() == 2


@pytest.mark.slow
def test_too_many_failed_requests_roll_it_back_by_itself(shop: ClusterStage) -> None:
    shop.deploy(release(shop, "v1"))
    measured(shop, RATIO)
    outcome = shop.deploy(release(shop, "v2", bad=0.2))
    assert (outcome.switched, outcome.verdict) == (False, Verdict.FAILED), outcome
    assert "success: 8" in outcome.summary and "(at least 99.00%)" in outcome.summary, outcome.summary
    assert shop.active is not None and shop.active.release.ref == "v1"
    assert shop.selected_ready() == 2


def test_too_little_traffic_is_inconclusive_and_asks(shop: ClusterStage) -> None:
    shop.deploy(release(shop, "v1"))
    measured(shop, RATIO)
    outcome = shop.deploy(release(shop, "v2", rate=0.5, bad=0.5))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.INCONCLUSIVE), outcome
    assert "requests, 200 are needed to tell" in outcome.summary, outcome.summary


@pytest.mark.slow
def test_no_series_is_no_data_and_no_pass(shop: ClusterStage) -> None:
    shop.deploy(release(shop, "v1"))
    measured(shop, {"name": "queue", "query": f"sum(shop_no_such_thing{{{PODS}}})", "at_most": 5.0})
    outcome = shop.deploy(release(shop, "v2"))
    assert (outcome.switched, outcome.verdict) == (True, Verdict.INCONCLUSIVE), outcome
    assert "queue: no data" in outcome.summary, outcome.summary


@pytest.mark.slow
@pytest.mark.parametrize(("slow", "switched"), [(0.1, True), (0.4, False)])
def test_fresh_points_of_both_versions_are_compared(shop: ClusterStage, slow: float, switched: bool) -> None:
    shop.deploy(release(shop, "v1"))
    measured(shop, SLOWER)
    outcome = shop.deploy(release(shop, "v2", slow=slow))
    assert (outcome.switched, outcome.verdict) == (switched, Verdict.PASSED if switched else Verdict.FAILED), outcome
    if not switched:
        assert "seconds: increase (p = " in outcome.summary, outcome.summary
