"""How the kubelet asks."""

from __future__ import annotations

from tests.workloads.manifests.finding import container
from tests.workloads.manifests.profiles import harbour, without_worker


def test_starting_and_readiness_are_asked_at_the_health_address_under_a_name_that_is_allowed() -> None:
    found = container(harbour())
    for name in ("startupProbe", "readinessProbe"):
        asked = found[name]["httpGet"]
        assert (asked["path"], asked["port"]) == ("/healthz", "http")
        assert {"name": "Host", "value": "harbour.example.com"} in asked["httpHeaders"]


def test_an_application_that_insists_on_https_is_asked_as_a_proxy_would() -> None:
    told = {"name": "X-Forwarded-Proto", "value": "https"}
    assert told in container(harbour())["readinessProbe"]["httpGet"]["httpHeaders"]
    assert told not in container(without_worker())["readinessProbe"]["httpGet"]["httpHeaders"]


def test_being_alive_never_depends_on_a_page_that_may_ask_the_database() -> None:
    assert "tcpSocket" in container(harbour())["livenessProbe"]


def test_a_page_that_asks_the_process_only_tells_that_it_is_alive() -> None:
    assert container(harbour(health_path="/livez"))["livenessProbe"]["httpGet"]["path"] == "/livez"
    chosen = {"probes": {"liveness_path": "/process"}}
    assert container(harbour(options=chosen))["livenessProbe"]["httpGet"]["path"] == "/process"


def test_without_a_health_address_a_connection_must_do() -> None:
    assert container(harbour(health_path=""))["readinessProbe"]["tcpSocket"] == {"port": "http"}


def test_a_slow_start_is_given_its_time() -> None:
    probe = container(harbour(options={"probes": {"startup": 600}}))["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 600


def test_a_worker_is_asked_nothing_unless_somebody_wants_it() -> None:
    assert not {"livenessProbe", "readinessProbe", "startupProbe"} & set(container(harbour(), "worker"))
    probe = container(harbour(options={"processes": {"worker": {"ping": True}}}), "worker")["livenessProbe"]
    assert probe["exec"]["command"][-2:] == ["-A", "harbour"]
    assert probe["periodSeconds"] >= 300


def test_beat_is_never_asked() -> None:
    assert "livenessProbe" not in container(harbour(options={"processes": {"beat": {"ping": True}}}), "beat")
