"""A specialist's step as a question to a model, and what is made of its answer. The verdict stands whatever it says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from agents import profiles, prompts, tools
from agents.briefing import Briefing, Found, Subject, brief
from agents.llm.question import Question
from agents.models import AgentProfile, Step
from agents.prompts import Prompt
from agents.specialists import Specialist, registry
from agents.tools import Scope
from workloads import deployments, findings
from workloads.findings import State
from workloads.models import Finding
from workloads.verdicts import Verdict

PURPOSE = "reading"
RULES = "step"  # the prompt that every specialist's own is followed by
MOST_RISKS = 5
SILENT = (Verdict.PASSED, Verdict.NOT_EVALUATED)


class SaidRisk(BaseModel):
    """One risk, as a model answers it."""

    text: str = Field(min_length=1, max_length=600)
    level: Literal["low", "medium", "high"]
    facts: list[str] = Field(default_factory=list, max_length=20)


class StepReading(BaseModel):
    """What a model answers about a step."""

    text: str = Field(min_length=1, max_length=3_000)
    risks: list[SaidRisk] = Field(default_factory=list, max_length=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an answer, in the shapes of agents.models.Reading, and what was not kept and why."""

    text: str
    risks: list[dict[str, Any]]
    facts: list[dict[str, str]]
    not_kept: str


def specialist_of(step: Step) -> Specialist | None:
    """The specialist that looked in this step, if one did."""
    return next((one for one in registry().values() if one.node == step.node), None)


def wanted(step: Step) -> str:
    """The name of the specialist that has a model read this step, or nothing: thinking is off, or there is nothing to say."""
    one = specialist_of(step)
    if one is None or step.status not in (Step.Status.DONE, Step.Status.FAILED):
        return ""
    profile = AgentProfile.objects.filter(name=one.name, thinking=True, enabled=True).first()
    return one.name if profile is not None and has_something_to_say(step, one) else ""


def has_something_to_say(step: Step, one: Specialist) -> bool:
    """Whether it did not pass, or reported findings that count."""
    return (step.verdict and step.verdict not in SILENT) or _findings_of(step, one).exists()


def question(step: Step, characters: int) -> tuple[Question, Briefing]:
    """What is asked about the step: `characters` is what the model has room for."""
    one = specialist_of(step)
    assert one is not None, "only a specialist's step is read"
    profile = profiles.profile(one.name)
    told = brief(subject(step, one), max(400, characters // 3))
    prompt = prompt_of(profile)
    asked = Question(
        purpose=PURPOSE,
        prompt=prompt.reference,
        system=prompt.text,
        text=f"{told.text}\n\nAnswer in {language()}.",
        shape=StepReading,
        tools=tools.bind(tools.held(one, profile.tools), Scope(step.run, step, one.name)),
        specialist=one.name,
        run=step.run_id,
    )
    return asked, told


def prompt_of(profile: AgentProfile) -> Prompt:
    """What a model acting for this specialist is told: its own prompt or the administrator's, then the rules for all.

    The rules stay whatever an administrator writes: what may be said and what a quotation is, is not theirs to drop.
    """
    own = prompts.load(profile.name)
    if profile.prompt.strip():
        own = replace(own, name=f"{profile.name} (own text)", text=profile.prompt.strip())
    text = f"{own.text}\n\n{prompts.load(RULES).text}"
    return Prompt(own.name, text, hashlib.sha256(text.encode()).hexdigest())


def subject(step: Step, one: Specialist) -> Subject:
    """The step as a briefing tells it."""
    environment = step.run.environment
    current = deployments.current(environment)
    live = f"{current.release.label}, {current.release.commit[:12]}, {Verdict(current.verdict).label}" if current else ""
    return Subject(
        specialist=one.title,
        purpose=one.purpose,
        application=environment.application.name,
        environment=environment.name,
        tier=environment.tier,
        verdict=step.verdict or step.status,
        summary=step.summary,
        cure=step.cure,
        live=live,
        evidence=step.evidence,
        findings=[_found(finding) for finding in _findings_of(step, one)[:500]],
    )


def kept(said: StepReading, told: Briefing, node: str) -> Kept:
    """The answer with every cited id checked: one that was not shown is dropped, and a risk without any is no risk."""
    risks: list[dict[str, Any]] = []
    unknown: set[str] = set()
    baseless = 0
    for risk in said.risks[:MOST_RISKS]:
        cited = [fact.strip("[] ") for fact in risk.facts]
        known = [fact for fact in dict.fromkeys(cited) if fact in told.titles]
        unknown |= {fact for fact in cited if fact not in told.titles}
        baseless += not known
        if known:
            risks.append({"text": risk.text, "level": risk.level, "facts": known})
    used = dict.fromkeys(fact for risk in risks for fact in risk["facts"])
    facts = [{"id": fact, "title": told.titles[fact], "place": _place(fact, node)} for fact in used]
    return Kept(said.text, risks, facts, _not_kept(sorted(unknown), baseless, len(said.risks) - MOST_RISKS))


def language() -> str:
    """The language that the reader most likely reads, by its English name."""
    return str(get_language_info(get_language() or settings.LANGUAGE_CODE)["name"])


def _not_kept(unknown: Sequence[str], baseless: int, over: int) -> str:
    said = []
    if unknown:
        named = ", ".join(fact[:20] for fact in unknown[:10])
        said.append(_("It cited what it was not shown: %(ids)s.") % {"ids": named})
    if baseless:
        count = {"count": baseless}
        text = ngettext(
            "%(count)d risk rested on nothing it was shown and was dropped.",
            "%(count)d risks rested on nothing they were shown and were dropped.",
            baseless,
        )
        said.append(text % count)
    if over > 0:
        text = ngettext(
            "%(count)d risk beyond the first five was dropped.", "%(count)d risks beyond the first five were dropped.", over
        )
        said.append(text % {"count": over})
    return " ".join(said)


def _place(fact: str, node: str) -> str:
    """The part of the run's page where the fact is: a piece of evidence by its number, findings together."""
    return f"evidence-{node}-{fact[1:]}" if fact.startswith("e") else "node-findings"


def _findings_of(step: Step, one: Specialist) -> Any:
    """The findings that this run saw of the specialist's own tools, those that count, the worst first."""
    found = Finding.objects.filter(application=step.run.environment.application_id, sightings__run_number=step.run_id)
    return found.filter(findings.in_state(State.COUNTING, timezone.now()), tool__in=one.reports).order_by("-rank")


def _found(finding: Finding) -> Found:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return Found(finding.severity, finding.rule, finding.message, place, finding.cure, finding.new)
