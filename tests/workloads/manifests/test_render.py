"""What a release becomes on a cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.manifests.finding import container, one, pod, some
from tests.workloads.manifests.profiles import BEAT, MIGRATE, WEB, canary, green, harbour, scaled, without_worker
from workloads.manifests.profile import Process, Step
from workloads.manifests.render import render

SET = "timonel.dev/set"


def test_web_worker_and_beat_are_workloads_of_their_own() -> None:
    assert [item["metadata"]["name"] for item in some(harbour(), "Deployment")] == ["harbour-web", "harbour-worker", "harbour-beat"]


def test_objects_come_in_the_order_in_which_they_are_applied() -> None:
    kinds = [item["kind"] for item in render(scaled()).objects]
    assert (
        kinds.index("Namespace")
        < kinds.index("ConfigMap")
        < kinds.index("Job")
        < kinds.index("Deployment")
        < kinds.index("Service")
    )
    assert kinds.index("Service") < kinds.index("Ingress")


def test_an_image_without_digest_is_refused() -> None:
    with pytest.raises(Invalid, match="not named by its digest"):
        render(replace(harbour(), image="registry.example.com/harbour:latest"))


def test_there_is_never_a_second_beat() -> None:
    options = {"processes": {"beat": {"replicas": 5, "autoscale": {"min": 2, "max": 9}}}}
    spec = one(harbour(options=options), "Deployment", "harbour-beat")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert not [item for item in some(harbour(options=options), "PodDisruptionBudget") if "beat" in item["metadata"]["name"]]


def test_who_asks_for_two_schedulers_is_told_that_there_is_one() -> None:
    assert "there is one whatever the options say" in render(harbour(options={"processes": {"beat": {"replicas": 2}}})).notes[0]
    assert not render(harbour(options={"processes": {"beat": {"replicas": 1, "memory": "1Gi"}}})).notes


def test_a_step_gets_the_memory_that_the_application_needs() -> None:
    job = render(harbour(options={"processes": {"web": {"memory": "2Gi"}}})).migration
    assert job and job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] == {"memory": "2Gi"}


def test_a_worker_that_is_the_scheduler_too_is_one() -> None:
    worker = Process("worker", ("celery", "-A", "harbour", "worker", "-B"))
    spec = one(harbour(processes=(WEB, worker)), "Deployment", "harbour-worker")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")


def test_an_application_called_beat_has_workers_like_any_other() -> None:
    worker = Process("worker", ("celery", "-A", "beat", "worker"))
    assert one(harbour(processes=(WEB, worker)), "Deployment", "harbour-worker")["spec"]["replicas"] == 2


def test_web_is_never_fewer_than_wanted_while_it_changes() -> None:
    spec = one(harbour(), "Deployment", "harbour-web")["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert (spec["replicas"], spec["progressDeadlineSeconds"], spec["revisionHistoryLimit"]) == (3, 600, 5)


@pytest.mark.parametrize(("tier", "replicas"), [("local", 1), ("staging", 2), ("production", 3)])
def test_the_tier_proposes_the_number_of_replicas(tier: str, replicas: int) -> None:
    assert one(harbour(tier=tier), "Deployment", "harbour-web")["spec"]["replicas"] == replicas


def test_every_container_may_do_as_little_as_it_can() -> None:
    for item in render(scaled()).workloads:
        if item["kind"] != "Deployment":
            continue
        spec = item["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in spec["containers"]:
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "privileged": False,
                "readOnlyRootFilesystem": True,
            }
            assert {"name": "tmp", "mountPath": "/tmp"} in each["volumeMounts"]


def test_pods_have_no_token_unless_they_have_rights() -> None:
    assert pod(harbour())["automountServiceAccountToken"] is False
    assert not some(harbour(), "Role")
    assert pod(scaled())["automountServiceAccountToken"] is True
    assert one(scaled(), "Role")["rules"] == [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]


def test_a_pod_has_time_to_end_what_it_does() -> None:
    spec = pod(harbour())
    argv, stop = container(harbour())["command"], container(harbour())["lifecycle"]["preStop"]["sleep"]["seconds"]
    graceful = int(argv[argv.index("--graceful-timeout") + 1])
    assert stop + graceful < spec["terminationGracePeriodSeconds"]


def test_the_namespace_asks_for_restricted_pods() -> None:
    labels = one(harbour(), "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert not some(harbour(options={"make_namespace": False}), "Namespace")


def test_release_steps_run_once_one_after_the_other() -> None:
    job = render(harbour(steps=(MIGRATE, Step("create cache table", ("python", "manage.py", "createcachetable"))))).migration
    assert job is not None
    spec = job["spec"]["template"]["spec"]
    assert [one["name"] for one in (*spec["initContainers"], *spec["containers"])] == [
        "step-1-migrate",
        "step-2-create-cache-table",
    ]
    assert (job["spec"]["backoffLimit"], spec["restartPolicy"]) == (0, "Never")
    assert render(harbour(steps=())).migration is None


def test_each_deployment_of_a_release_has_a_migration_job_of_its_own() -> None:
    names = {one(harbour(attempt=attempt), "Job")["metadata"]["name"] for attempt in ("1", "2", "2")}
    assert len(names) == 2


def test_sets_stand_side_by_side_and_the_stable_service_stays_with_the_live_one() -> None:
    rendered = render(green())
    assert [item["metadata"]["name"] for item in rendered.web] == ["harbour-web-green"]
    assert rendered.service and rendered.preview
    assert rendered.service["spec"]["selector"][SET] == "blue"
    assert rendered.preview["spec"]["selector"][SET] == "green"
    switched = render(replace(green(), live=None)).service
    assert switched and switched["spec"]["selector"][SET] == "green"


def test_of_workers_there_is_one_set_only() -> None:
    assert [item["metadata"]["name"] for item in render(green()).background] == ["harbour-worker", "harbour-beat"]
    assert {item["spec"]["selector"]["matchLabels"][SET] for item in render(green()).background} == {""}


def test_a_canary_without_weights_shares_the_stable_service() -> None:
    service = render(replace(canary(), options=harbour().options)).service
    assert service and SET not in service["spec"]["selector"]


def test_a_gateway_divides_the_requests_by_weight() -> None:
    backends = one(canary(), "HTTPRoute")["spec"]["rules"][0]["backendRefs"]
    assert [(one["name"], one["weight"]) for one in backends] == [("harbour", 90), ("harbour-preview", 10)]
    service = render(canary()).service
    assert service and service["spec"]["selector"][SET] == "r6"


def test_everything_says_to_whom_it_belongs() -> None:
    for item in render(scaled()).objects:
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "timonel"
        assert labels["timonel.dev/environment"] == "3"
        if item["kind"] != "Namespace":
            assert {"app.kubernetes.io/instance", "app.kubernetes.io/name", "timonel.dev/release", SET} <= set(labels)


def test_a_process_that_the_options_name_must_be_there() -> None:
    with pytest.raises(Invalid, match="a process 'clock' that the release does not have") as caught:
        render(harbour(options={"processes": {"clock": {"replicas": 1}}}))
    assert "web, worker, beat" in caught.value.cure


def test_files_that_outlive_a_release_are_spoken_of() -> None:
    rendered = render(harbour(shared=("media/", "db.sqlite3")))
    assert "ends with it" in rendered.notes[0] and "media" in rendered.notes[0]
    assert "cannot be written" in rendered.notes[1]
    assert {"name": "shared", "mountPath": "/app/source/media", "subPath": "media"} in container(harbour(shared=("media/",)))[
        "volumeMounts"
    ]
    claim = one(scaled(), "PersistentVolumeClaim")
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"


def test_an_application_that_only_works_in_the_background_has_no_service() -> None:
    rendered = render(harbour(processes=(BEAT,)))
    assert rendered.service is None and not [item for item in rendered.around if item["kind"] == "Ingress"]


def test_a_small_cluster_gets_no_budget_that_keeps_its_only_node_from_being_emptied() -> None:
    assert not some(without_worker(), "PodDisruptionBudget")


def test_an_own_entry_point_may_stay() -> None:
    found = container(harbour(options={"keep_entrypoint": True}))
    assert "command" not in found and found["args"][0] == "gunicorn"
