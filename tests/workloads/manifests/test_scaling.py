"""Who decides how many there are, and what wakes somebody."""

from __future__ import annotations

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.manifests.finding import one, some
from tests.workloads.manifests.profiles import WEB, harbour, scaled, without_worker
from workloads.manifests.profile import Broker, Process
from workloads.manifests.render import render

WORKER = {"processes": {"worker": {"autoscale": {"min": 0, "max": 9, "length": 30}}}}


def test_what_an_autoscaler_decides_is_not_said_twice() -> None:
    assert "replicas" not in one(scaled(), "Deployment", "harbour-web")["spec"]
    scaler = one(scaled(), "HorizontalPodAutoscaler")["spec"]
    assert (scaler["scaleTargetRef"]["name"], scaler["minReplicas"], scaler["maxReplicas"]) == ("harbour-web", 3, 12)


def test_a_worker_is_scaled_by_the_length_of_its_queue() -> None:
    spec = one(harbour(options=WORKER, broker=Broker("valkey", 6380, 2, True, "BROKER_PASSWORD")), "ScaledObject")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (0, 9)
    assert spec["triggers"] == [
        {
            "type": "redis",
            "metadata": {
                "address": "valkey:6380", "databaseIndex": "2", "listName": "celery", "listLength": "30", "enableTLS": "true",
                "passwordFromEnv": "BROKER_PASSWORD",
            },
        }
    ]  # fmt: skip


def test_every_queue_of_a_worker_counts() -> None:
    worker = Process("worker", ("celery", "-A", "harbour", "worker", "-Q", "mail,reports"))
    spec = one(harbour(options=WORKER, processes=(WEB, worker)), "ScaledObject")["spec"]
    assert [trigger["metadata"]["listName"] for trigger in spec["triggers"]] == ["mail", "reports"]


def test_a_queue_nobody_knows_scales_nothing() -> None:
    with pytest.raises(Invalid, match="no Redis or Valkey is known") as caught:
        render(harbour(options=WORKER, broker=None))
    assert "CELERY_BROKER_URL" in caught.value.cure


def test_a_budget_lets_one_leave_and_those_that_are_not_ready() -> None:
    for item in some(harbour(), "PodDisruptionBudget"):
        assert (item["spec"]["maxUnavailable"], item["spec"]["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_a_canary_of_one_does_not_take_the_budget_away() -> None:
    assert one(harbour(set="r7", live="r6", replicas=1), "PodDisruptionBudget", "harbour-web")


def test_the_budget_of_web_holds_for_all_its_sets_together() -> None:
    found = one(harbour(set="green", live="blue"), "PodDisruptionBudget", "harbour-web")
    assert "timonel.dev/set" not in found["spec"]["selector"]["matchLabels"]


def test_alerts_are_only_there_where_somebody_reads_them() -> None:
    assert not some(harbour(), "PrometheusRule") and not some(harbour(), "ServiceMonitor")
    assert one(scaled(), "ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"


def test_every_alert_has_one_that_fires_when_nobody_measures() -> None:
    rules = [rule["alert"] for group in one(scaled(), "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]
    assert {"ApplicationWebStateAbsent", "ApplicationAnswersAbsent", "ApplicationQueueAbsent"} <= set(rules)
    assert {"ApplicationWebUnavailable", "ApplicationWebRestarts", "ApplicationSlow", "ApplicationQueueLong"} <= set(rules)
    assert [name for name in rules if "Burn" in name] == [
        f"ApplicationErrorBudgetBurn{window}" for window in ("1h", "6h", "1d", "3d")
    ]


def test_a_burn_needs_enough_requests_to_see_two_failures() -> None:
    groups = one(scaled(), "PrometheusRule")["spec"]["groups"]
    burn = next(rule for group in groups for rule in group["rules"] if rule["alert"].endswith("Burn1h"))
    assert "> 0.144" in burn["expr"] and ">= 13.8889" in burn["expr"]  # 2 / (14.4 x 0.01)


def test_an_application_without_workers_has_no_queue() -> None:
    found = harbour(processes=without_worker().processes, options={"monitoring": {"enabled": True}})
    names = [group["name"] for group in one(found, "PrometheusRule")["spec"]["groups"]]
    assert names == ["harbour-production.workloads", "harbour-production.answers"]


def test_names_in_expressions_are_literal() -> None:
    worker = Process("worker", ("celery", "-A", "harbour", "worker", "-Q", "mail.out"))
    found = harbour(processes=(WEB, worker), options={"monitoring": {"enabled": True}})
    rules = [rule for group in one(found, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]
    assert r'queue_name=~"mail\\.out"' in next(rule["expr"] for rule in rules if rule["alert"] == "ApplicationQueueLong")
