"""Who may speak to whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workloads.manifests.finding import one, some
from tests.workloads.manifests.profiles import harbour, scaled
from workloads.manifests.profile import Peer

SPACE = "kubernetes.io/metadata.name"


def outgoing(*peers: Peer, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = one(harbour(peers=peers, options=options), "NetworkPolicy", "harbour-allow-outgoing")["spec"][
        "egress"
    ]
    return found


def to(host: str) -> list[dict[str, Any]]:
    found = [rule for rule in outgoing(Peer(host, 5432)) if rule["ports"][0]["port"] == 5432]
    peers: list[dict[str, Any]] = found[0]["to"]
    return peers


def test_everything_is_denied_first() -> None:
    spec = one(harbour(), "NetworkPolicy", "harbour-default-deny")["spec"]
    assert set(spec) == {"podSelector", "policyTypes"}
    assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_only_the_applications_own_pods_are_meant() -> None:
    """A database may be in the same namespace."""
    for policy in some(harbour(), "NetworkPolicy"):
        assert policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "harbour-production"


def test_names_are_looked_up() -> None:
    ports = outgoing()[0]["ports"]
    assert [(port["port"], port["protocol"]) for port in ports] == [(53, "UDP"), (53, "TCP")]


@pytest.mark.parametrize(
    ("host", "peers"),
    [
        ("192.0.2.7", [{"ipBlock": {"cidr": "192.0.2.7/32"}}]),
        ("2001:db8::7", [{"ipBlock": {"cidr": "2001:db8::7/128"}}]),
        ("database", [{"podSelector": {}}]),
        ("database.data.svc", [{"namespaceSelector": {"matchLabels": {SPACE: "data"}}}]),
        ("database.data.svc.cluster.local", [{"namespaceSelector": {"matchLabels": {SPACE: "data"}}}]),
    ],
)
def test_a_server_is_reached_where_its_name_says_it_is(host: str, peers: list[dict[str, Any]]) -> None:
    assert to(host) == peers


def test_a_server_somewhere_else_is_reached_at_its_port_only() -> None:
    assert [peer["ipBlock"]["cidr"] for peer in to("shop.abc.eu-west-1.rds.example.com")] == ["0.0.0.0/0", "::/0"]


def test_two_words_may_be_a_service_or_a_site() -> None:
    assert len(to("database.data")) == 3


def test_a_server_that_only_a_secret_names_is_reached_at_its_port_wherever_it_is() -> None:
    assert [sorted(peer) for peer in to("")] == [["namespaceSelector"], ["ipBlock"], ["ipBlock"]]


def test_pods_with_rights_reach_the_api_server() -> None:
    rules = one(scaled(), "NetworkPolicy", "harbour-allow-outgoing")["spec"]["egress"]
    assert [443, 6443] in [[port["port"] for port in rule["ports"]] for rule in rules]


def test_nobody_asks_the_cloud_for_its_credentials() -> None:
    for rule in outgoing(Peer("shop.rds.example.com", 5432)):
        for peer in rule["to"]:
            if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0":
                assert "169.254.0.0/16" in peer["ipBlock"]["except"]


def test_the_world_can_be_closed() -> None:
    assert 443 in {port["port"] for rule in outgoing() for port in rule["ports"]}
    assert 443 not in {port["port"] for rule in outgoing(network={"internet": False}) for port in rule["ports"]}


def test_web_is_reached_at_its_one_port() -> None:
    rule = one(harbour(), "NetworkPolicy", "harbour-allow-to-web")["spec"]["ingress"]
    assert rule == [{"ports": [{"port": "http", "protocol": "TCP"}]}]


def test_named_namespaces_reach_web_and_prometheus_does_too() -> None:
    rule = one(scaled(), "NetworkPolicy", "harbour-allow-to-web")["spec"]["ingress"][0]
    assert [peer["namespaceSelector"]["matchLabels"][SPACE] for peer in rule["from"]] == ["ingress-nginx", "monitoring"]


def test_it_can_be_left_to_others() -> None:
    assert not some(harbour(options={"network": {"enabled": False}}), "NetworkPolicy")
