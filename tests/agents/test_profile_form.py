"""A specialist in the administration: its tools, its prompt, whether it thinks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agents import prompts, thinking, tools
from agents.models import AgentProfile
from agents.specialists import registry
from controlplane.core.models import AuditEntry, User

OWN = "You explain scanners to people who sell flowers. Say it with flowers."
FORM = {"timeout_seconds": "900", "options": "{}", "most_rounds": "6", "most_tool_calls": "12", "most_tokens": "60000"}


@pytest.fixture
def profile(db: None) -> AgentProfile:
    return AgentProfile.objects.get(name="security")


@pytest.fixture
def ada(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def post(ada: Client, profile: AgentProfile, **more: Any) -> Any:
    where = reverse("admin:agents_agentprofile_change", args=[profile.pk])
    answer = ada.post(where, {**FORM, "enabled": "on", "tools": registry()[profile.name].tools, **more})
    profile.refresh_from_db()
    return answer


def changed() -> dict[str, Any]:
    return AuditEntry.objects.get(action="agentprofile.change").after or {}


def test_it_thinks_only_when_an_administrator_says_so(ada: Client, profile: AgentProfile) -> None:
    assert not AgentProfile.objects.filter(thinking=True).exists()
    assert post(ada, profile, thinking="on").status_code == 302
    assert profile.thinking
    assert changed()["thinking"] is True


def test_a_tool_is_taken_away_and_given_back(ada: Client, profile: AgentProfile) -> None:
    post(ada, profile, tools=["get_findings"])
    assert profile.tools == ["get_findings"]
    assert changed()["tools"] == ["get_findings"]
    assert tools.held(registry()["security"], profile.tools) == ("get_findings",)
    post(ada, profile, tools=[])
    assert AgentProfile.objects.values_list("tools", flat=True).get(pk=profile.pk) == []
    post(ada, profile)
    assert AgentProfile.objects.values_list("tools", flat=True).get(pk=profile.pk) is None


def test_a_tool_of_another_specialist_cannot_be_given(ada: Client, profile: AgentProfile) -> None:
    answer = post(ada, profile, tools=["get_findings", "propose_rollback"])
    assert "propose_rollback is no tool of this specialist: choose among those listed." in answer.content.decode()
    assert profile.tools is None


def test_another_prompt_is_told_instead_of_its_own_with_the_rules_for_all(ada: Client, profile: AgentProfile) -> None:
    before = thinking.prompt_of(profile)
    post(ada, profile, prompt=OWN)
    after = thinking.prompt_of(profile)
    assert after.text == f"{OWN}\n\n{prompts.load('step').text}"
    assert before.reference.startswith("security@")
    assert after.reference.startswith("security (own text)@")
    assert after.digest != before.digest
    assert after.reference in ada.get(reverse("admin:agents_agentprofile_change", args=[profile.pk])).content.decode()


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("Be nice.", "at least 40 characters"),
        (f"{OWN}\u202e\u200b", "characters that nobody can see"),
        (f"{OWN} password=correct-horse-battery", "seems to hold a secret"),
        ("x" * 20_001, "at most 20000"),
    ],
)
def test_a_prompt_that_will_not_do_is_refused_with_what_to_do(ada: Client, profile: AgentProfile, prompt: str, said: str) -> None:
    answer = post(ada, profile, prompt=prompt)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert profile.prompt == ""


@pytest.mark.parametrize("name", sorted(registry()))
def test_every_specialist_has_a_prompt_of_its_own(db: None, name: str) -> None:
    prompt = thinking.prompt_of(AgentProfile.objects.get(name=name))
    assert prompt.text.startswith(f"# {registry()[name].title}")
    assert 300 < len(prompt.text) < 8_000
    held = {tool for tool in tools.registry() if f"`{tool}`" in prompt.text}
    assert held <= set(registry()[name].tools)
