"""Options: what is wrong is named, with its cure."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.core.errors import Invalid
from workloads.manifests.options import Options, options_of


def test_nothing_chosen_is_everything_as_proposed() -> None:
    assert options_of({}) == Options()


def test_what_is_chosen_is_there() -> None:
    found = options_of({"processes": {"web": {"replicas": 4, "cpu": "250m"}}, "hosts": ["shop.example.com"]})
    assert (found.processes["web"].replicas, found.processes["web"].cpu, found.hosts) == (4, "250m", ("shop.example.com",))


@pytest.mark.parametrize(
    ("given", "says", "cure"),
    [
        ({"proceses": {}}, "Option proceses: there is none of this name", "Did you mean 'processes'?"),
        ({"processes": {"web": {"replica": 3}}}, "Option processes.web.replica", "Did you mean 'replicas'?"),
        ({"processes": {"web": {"autoscale": {"maximum": 3}}}}, "autoscale.maximum", "Did you mean 'max'?"),
        ({"network": {"blue": 3}}, "network.blue", "Known here: enabled, sources, monitoring, internet, egress."),
        ({"processes": {"web": {"replicas": "three"}}}, "processes.web.replicas: input should be a valid integer", "Correct it"),
        ({"processes": {"web": {"replicas": -1}}}, "greater than or equal to 0", "Correct it"),
        ({"processes": {"web": {"memory": "much"}}}, "processes.web.memory", "Correct it"),
        ({"processes": {"web": {"autoscale": {"min": 9, "max": 2}}}}, "scales from 9 to 2", "`max`"),
        ({"hosts": ["https://shop.example.com"]}, "Option hosts.0", "Correct it"),
        ({"route": {"kind": "ingress"}}, "needs a name to answer to", '"hosts"'),
        ({"route": {"kind": "gateway"}, "hosts": ["a.example.com"]}, "needs that Gateway's name", '"gateway"'),
        ({"secrets": {"kind": "existing"}}, "need their Secret's name", '"name"'),
        ({"secrets": {"kind": "external", "store": "vault"}}, "need a store and a path", '"path"'),
        ({"account": {"existing": True}}, "needs its name", '"name"'),
        ({"port": 80}, "Option port", "Correct it"),
        ({"user": 0}, "Option user", "Correct it"),
        ({"network": {"egress": [{"cidr": "10.0.0.0/8"}]}}, "network.egress.0.port", "Correct it"),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(given: dict[str, Any], says: str, cure: str) -> None:
    with pytest.raises(Invalid) as caught:
        options_of(given)
    assert says in caught.value.message
    assert cure in caught.value.cure


@pytest.mark.parametrize("given", [[], "web", 3, None])
def test_options_are_a_map(given: Any) -> None:
    with pytest.raises(Invalid):
        options_of(given)
