"""What Argo CD and Flux say of our commit, told truly: Healthy alone is never a pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workloads.drivers.gitops_shapes import BEFORE, OURS, application, kustomization, source
from workloads.drivers.gitops import standing


def ours(revision: str) -> bool:
    return OURS in revision


def state(**status: Any) -> str:
    return standing.argo_cd(application(**status), ours).state


def test_synced_to_our_commit_and_healthy_is_good() -> None:
    found = standing.argo_cd(application(), ours)
    assert found.good and found.rows == (("Deployment/shop-web", "Synced", "Healthy", ""),)


def test_healthy_at_another_commit_is_not() -> None:
    assert state(sync={"status": "Synced", "revision": BEFORE}) == "waiting"


def test_a_source_that_cannot_be_read_is_told_although_it_is_called_healthy() -> None:
    conditions = [{"type": "ComparisonError", "message": "Failed to load target state: authentication required"}]
    found = standing.argo_cd(application(sync={"status": "Unknown", "revision": BEFORE}, conditions=conditions), ours)
    assert found.state == "unreadable" and "authentication required" in found.why and found.health == "Healthy"


def test_a_sync_of_our_commit_that_failed_says_which_resource_and_why() -> None:
    resources = [
        {"kind": "Job", "name": "shop-migrate", "hookPhase": "Failed", "message": "Job has reached the specified backoff limit"},
        {"kind": "ConfigMap", "name": "shop", "status": "Synced"},
    ]
    operation = {"phase": "Failed", "message": "one or more tasks failed", "syncResult": {"revision": OURS, "resources": resources}}
    found = standing.argo_cd(application(sync={"status": "OutOfSync", "revision": OURS}, operationState=operation), ours)
    assert found.state == "failed" and found.why == "The sync failed: Job/shop-migrate: Job has reached the specified backoff limit"


def test_a_sync_of_another_commit_that_failed_is_not_ours() -> None:
    operation = {"phase": "Failed", "syncResult": {"revision": BEFORE}}
    assert state(sync={"status": "Synced", "revision": BEFORE}, operationState=operation) == "waiting"


def test_synced_but_degraded_says_what_is() -> None:
    resources = [
        {
            "kind": "Deployment",
            "name": "shop-web",
            "status": "Synced",
            "health": {"status": "Degraded", "message": "exceeded its progress deadline"},
        }
    ]
    found = standing.argo_cd(application(health={"status": "Degraded"}, resources=resources), ours)
    assert found.state == "degraded" and "Deployment/shop-web is Degraded (exceeded its progress deadline)" in found.why


def test_a_sync_under_way_is_waited_for() -> None:
    assert state(operationState={"phase": "Running", "syncResult": {"revision": OURS}}) == "waiting"
    assert state(health={"status": "Progressing"}) == "waiting"


def test_a_sync_that_failed_and_is_tried_again_says_what_is_wrong() -> None:
    resources = [
        {"kind": "Deployment", "name": "shop-web", "health": {"status": "Degraded", "message": "exceeded its progress deadline"}}
    ]
    operation = {"phase": "Running", "retryCount": 2, "message": "waiting", "operation": {"sync": {"revision": OURS}}}
    found = standing.argo_cd(application(operationState=operation, resources=resources), ours)
    assert found.state == "retrying" and "Deployment/shop-web is Degraded" in found.why
    assert not standing.syncs_something_else(application(operationState=operation), ours)
    operation["operation"] = {"sync": {"revision": BEFORE}}
    assert standing.syncs_something_else(application(operationState=operation), ours)


def test_where_nobody_syncs_by_itself_it_waits_for_a_sync() -> None:
    item = application(
        sync={"status": "OutOfSync", "revision": OURS}, resources=[{"kind": "Service", "name": "shop", "status": "OutOfSync"}]
    )
    assert standing.argo_cd(item, ours).state == "waiting"
    item["spec"]["syncPolicy"] = {}
    assert standing.argo_cd(item, ours).state == "unsynced"
    item["spec"]["syncPolicy"] = {"automated": {"enabled": False}}
    assert standing.argo_cd(item, ours).state == "unsynced" and not standing.heals(item)


def test_what_an_application_that_does_not_prune_leaves_behind_is_no_difference() -> None:
    resources = [{"kind": "ConfigMap", "name": "shop-abc", "status": "OutOfSync", "requiresPruning": True}]
    found = standing.argo_cd(application(sync={"status": "OutOfSync", "revision": OURS}, resources=resources), ours)
    assert found.good and "ConfigMap/shop-abc" in found.notes[0]


@pytest.mark.parametrize("status", [None, {}, {"sync": {}}, {"resources": None, "conditions": None, "operationState": None}])
def test_one_that_was_never_looked_at_waits(status: Any) -> None:
    assert standing.argo_cd({"status": status}, ours).state == "waiting"


def test_its_sources_are_read_whatever_their_number() -> None:
    assert standing.reads(application()) == [("https://git.example/d.git", "main", "shop")]
    several = {"spec": {"sources": [{"repoURL": "a", "path": "./x/"}, {"repoURL": "b", "targetRevision": "v1"}]}}
    assert standing.reads(several) == [("a", "HEAD", "x"), ("b", "v1", "")]


class TestFlux:
    def test_ready_at_our_commit_is_good(self) -> None:
        assert standing.flux(kustomization("ReconciliationSucceeded", "True"), source(), ours).good

    def test_ready_at_another_commit_or_generation_is_not(self) -> None:
        assert standing.flux(kustomization("ReconciliationSucceeded", "True", applied=BEFORE), source(), ours).state == "waiting"
        item = kustomization("ReconciliationSucceeded", "True")
        item["metadata"]["generation"] = 3
        assert standing.flux(item, source(), ours).state == "waiting"

    def test_a_source_that_cannot_be_read_is_told(self) -> None:
        found = standing.flux(kustomization("ReconciliationSucceeded", "True"), source("False", "auth failed"), ours)
        assert found.state == "unreadable" and "auth failed" in found.why
        assert standing.flux(kustomization("x", "True"), None, ours).state == "unreadable"

    @pytest.mark.parametrize(
        ("reason", "state"), [("HealthCheckFailed", "degraded"), ("BuildFailed", "failed"), ("Progressing", "waiting")]
    )
    def test_what_went_wrong_with_our_commit_is_told(self, reason: str, state: str) -> None:
        assert standing.flux(kustomization(reason, "False", applied=BEFORE), source(), ours).state == state
        assert standing.flux(kustomization(reason, "False", applied=BEFORE, attempted=BEFORE), source(), ours).state == "waiting"

    def test_one_that_is_suspended_syncs_nothing(self) -> None:
        item = kustomization("ReconciliationSucceeded", "True")
        item["spec"]["suspend"] = True
        assert standing.flux(item, source(), ours).state == "failed"

    def test_commits_are_found_in_its_revisions(self) -> None:
        assert standing.shas(f"main@sha1:{OURS}") == standing.shas(f"main/{OURS}") == standing.shas(OURS) == [OURS]
