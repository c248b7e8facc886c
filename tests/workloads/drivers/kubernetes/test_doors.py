"""Under which name a release is asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workloads.drivers.kubernetes.stage import ClusterStage
from workloads.drivers.kubernetes import checking, making
from workloads.drivers.kubernetes.errand import errand
from workloads.drivers.kubernetes.parts import Parts


def web(probe: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"readinessProbe": probe}]}}}}


def test_the_pods_own_probes_tell_the_name_and_what_was_rendered_where_they_only_connect() -> None:
    header = {"httpGet": {"httpHeaders": [{"name": "Host", "value": "www.example.com"}]}}
    assert checking.host_of(Parts(web=(web(header),), host="shop.example.com")) == "www.example.com"
    assert checking.host_of(Parts(web=(web({"tcpSocket": {"port": "http"}}),), host="shop.example.com")) == "shop.example.com"


@pytest.mark.django_db
def test_an_application_without_a_health_page_is_asked_under_its_own_name(pretended: ClusterStage) -> None:
    shop = pretended
    shop.options(hosts=["www.example.com"], route={"kind": "none"})
    made = making.made(shop.environment, shop.release("v1"))
    assert made.service is not None
    door = checking.door_of(errand(shop.environment, "look", shop.say), made, made.service)
    assert door.name == "www.example.com"
