"""Rules that give roles to groups: exact, or an error that says how to write them."""

from __future__ import annotations

import pytest

from controlplane.core import roles
from controlplane.core.errors import Invalid


def test_a_rule_names_group_role_and_scope() -> None:
    assert roles.parse(["cn=ops=operator:environment/7"]) == (roles.Rule("cn=ops", "operator", "environment/7"),)


@pytest.mark.parametrize("text", ["", "ops", "ops=operator", "ops=root:*", "ops=superuser:*", "ops=viewer:shop", "=viewer:*"])
def test_what_is_no_rule_is_named(text: str) -> None:
    with pytest.raises(Invalid, match="maps no group to a role") as raised:
        roles.parse([text])
    assert "group=role:scope" in raised.value.cure
