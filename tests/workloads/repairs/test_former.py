"""What was before or is declared is the best evidence of how it should be: images, probes, limits, variables."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.core.errors import Conflict
from tests.workloads.repairs.shop import Json, about, carried_out, deployment, live, node, pod, replica_set, template, view, written
from workloads.repairs import Repair, invariant, offers, undone, wanted

PROBE = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 10}


def changed(good: Json, bad: Json, ready: int = 1, **status: Any) -> list[Json]:
    """A Deployment whose second revision is bad, while pods of the first may still be ready."""
    waiting = {"state": {"waiting": {"reason": "ImagePullBackOff"}}} | status
    objects = [deployment("web", made=bad), replica_set("web", 1, good, ready), replica_set("web", 2, bad)]
    return [*objects, pod("web", bad, ready=False, owner="ReplicaSet/web-h2", **waiting)]


def first(objects: list[Json], fault: str) -> Repair:
    return offers(view(*objects), about(fault))[0]


@pytest.mark.parametrize(
    ("fault", "field", "good", "bad"),
    [
        ("incorrect_image_reference", "image", "registry.example.com/shop/web:1", "registry.example.com/shop/web:oops"),
        ("oom_killed", "resources", {"limits": {"memory": "512Mi"}}, {"limits": {"memory": "16Mi"}}),
        ("readiness_probe_incorrect_port", "readinessProbe", PROBE, {**PROBE, "httpGet": {"path": "/", "port": 9}}),
        (
            "missing_setting",
            "env",
            [{"name": "KEY", "value": "v"}, {"name": "DEBUG", "value": "0"}],
            [{"name": "DEBUG", "value": "0"}],
        ),
        ("container_command_not_found", "command", ["gunicorn"], ["gunicron"]),
    ],
)
def test_the_former_template_is_offered_where_it_was_another_there(fault: str, field: str, good: Any, bad: Any) -> None:
    objects = changed(template(**{field: good}), template(**{field: bad}))
    offer = first(objects, fault)
    assert offer.kind == "return_template" and "revision 1" in offer.summary and field in offer.summary
    made = written(objects, offer)
    container = (live(made, offer.ref) or {})["spec"]["template"]["spec"]["containers"][0]
    assert container[field] == good
    assert "pod-template-hash" not in str(live(made, offer.ref))
    assert [invariant(offer, each).holds for each in (objects, made, carried_out(made))] == [False, None, True]
    back = undone(offer, live(objects, offer.ref))
    assert back is not None and wanted(back, live(made, offer.ref)) == live(objects, offer.ref)


def test_a_former_template_that_differs_elsewhere_is_no_cure() -> None:
    objects = changed(template(args=["--quiet"]), template(args=["--loud"]))
    assert not [each for each in offers(view(*objects), about("oom_killed")) if each.kind == "return_template"]


def test_a_template_that_was_veiled_is_never_written() -> None:
    good = template(image="registry.example.com/shop/web:1", env=[{"name": "URL", "value": "postgres://u:[redacted]@old"}])
    bad = template(image="registry.example.com/shop/web:oops", env=[{"name": "URL", "value": "postgres://u:[redacted]@new"}])
    kinds = {each.kind for each in offers(view(*changed(good, bad)), about("incorrect_image_reference"))}
    assert kinds == {"set_image"}


def test_the_revision_that_still_has_pods_comes_before_a_later_one_without() -> None:
    one, two, three = (template(image=f"registry.example.com/shop/web:{number}") for number in ("1", "2", "3"))
    objects = [
        deployment("web", made=three),
        replica_set("web", 3, three),
        replica_set("web", 2, two),
        replica_set("web", 1, one, 1),
    ]
    objects.append(pod("web", three, ready=False, owner="ReplicaSet/web-h3"))
    assert first(objects, "incorrect_image_reference").parameters["revision"] == "1"


def test_a_crash_of_any_cause_returns_only_what_is_new() -> None:
    bad = template(env=[{"name": "MODE", "value": "oops"}])
    objects = changed(template(), bad, ready=0, restartCount=5)
    assert offers(view(*objects), about("crash_loop")) == ()
    assert first(changed(template(), bad, ready=1, restartCount=5), "crash_loop").kind == "return_template"


def test_it_refuses_a_template_that_has_moved_on() -> None:
    objects = changed(template(image="a.example/x:1"), template(image="a.example/x:oops"))
    offer = first(objects, "incorrect_image_reference")
    with pytest.raises(Conflict, match="image is"):
        wanted(offer, deployment("web", made=template(image="a.example/x:2")))


def test_an_image_as_declared_comes_without_a_former_revision() -> None:
    bad = template(image="registry.example.com/shop/web:oops")
    objects = [deployment("web", made=bad), pod("web", bad, ready=False, state={"waiting": {"reason": "ErrImagePull"}})]
    declared = (deployment("web", made=template(image="registry.example.com/shop/web:2")),)
    (offer,) = offers(view(*objects, declared=declared), about("incorrect_image_reference"))
    assert offer.parameters == {
        "container": "web",
        "was": "registry.example.com/shop/web:oops",
        "to": "registry.example.com/shop/web:2",
    }
    assert "as declared" in offer.summary


def test_an_image_that_a_node_holds_is_known_to_exist() -> None:
    bad = template("cache", image="redis:alpinee")
    objects = [deployment("cache", made=bad), pod("cache", bad, ready=False, state={"waiting": {"reason": "ErrImagePull"}})]
    holding = node() | {"status": {"images": [{"names": ["docker.io/library/redis:alpine", "docker.io/library/redis@sha256:0"]}]}}
    (offer,) = offers(view(*objects, holding), about("incorrect_image_reference", "app/cache"))
    assert offer.parameters["to"] == "docker.io/library/redis:alpine"


def test_an_image_of_which_nothing_is_known_has_no_offer() -> None:
    bad = template(image="nowhere.example/thing:9")
    objects = [deployment("web", made=bad), pod("web", bad, ready=False, state={"waiting": {"reason": "ErrImagePull"}}), node()]
    assert offers(view(*objects), about("incorrect_image_reference")) == ()


def killed(limit: str, seconds: int) -> list[Json]:
    made = template(resources={"limits": {"memory": limit}})
    ended = {
        "reason": "OOMKilled",
        "exitCode": 137,
        "startedAt": "2026-05-04T09:00:00Z",
        "finishedAt": f"2026-05-04T09:{seconds // 60:02}:{seconds % 60:02}Z",
    }
    return [deployment("web", made=made), pod("web", made, ready=False, lastState={"terminated": ended}, restartCount=4), node()]


def test_a_limit_is_what_was_used_at_most_and_some_more() -> None:
    series = {"metric": {"__name__": "container_memory_working_set_bytes", "pod": "web-1-new", "container": "web"}}
    metrics = ({**series, "values": [[1, str(300 << 20)], [2, str(400 << 20)]]},)
    offer = offers(view(*killed("256Mi", 600), metrics=metrics), about("oom_killed"))[0]
    assert offer.parameters["lines"] == [{"part": "limits", "resource": "memory", "was": "256Mi", "to": "520Mi"}]


@pytest.mark.parametrize(("limit", "seconds", "to"), [("256Mi", 600, "512Mi"), ("256Mi", 5, "1Gi"), ("6Gi", 600, "")])
def test_a_limit_without_metrics_is_doubled_as_far_as_a_node_goes(limit: str, seconds: int, to: str) -> None:
    found = offers(view(*killed(limit, seconds)), about("oom_killed"))
    assert [each.parameters["lines"][0]["to"] for each in found] == ([to] if to else [])
