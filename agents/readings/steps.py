"""A specialist's step as a question to a model: what it found, briefed, and the tools that the specialist holds."""

from __future__ import annotations

from agents import profiles, thinking, tools
from agents.briefing import Briefing, Found, Subject, brief
from agents.llm.question import Question
from agents.models import Reading, Step
from agents.readings.facts import Gathered
from agents.readings.looked import findings_of, specialist_of
from agents.specialists import Specialist
from agents.tools import Scope
from workloads import deployments
from workloads.models import Finding
from workloads.verdicts import Verdict

MOST_FINDINGS = 500


def question(reading: Reading) -> tuple[Question, Gathered]:
    """What is asked about the reading's step, and the facts that its answer may name, each with its place on the run's page."""
    related = "run__environment__application", "run__environment__active_instance", "run__requested_by"
    step = Step.objects.select_related(*related).get(readings=reading)
    one = specialist_of(step.node)
    assert one is not None, "only a specialist's step is read"
    profile = profiles.profile(one.name)
    told = brief(subject(step, one), thinking.room(one.name))
    bound = tools.bind(tools.held(one, profile.tools), Scope(step.run, step, one.name))
    asked = thinking.question(told, profile, bound, run=step.run_id)
    return asked, Gathered(told.text, tuple(_facts(told, step.node)), told.said_left_out())


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
        findings=[_found(finding) for finding in findings_of(step, one)[:MOST_FINDINGS]],
    )


def _facts(told: Briefing, node: str) -> list[dict[str, str]]:
    """A piece of evidence by its number on the page, findings together."""
    places = {id: f"evidence-{node}-{id[1:]}" if id.startswith("e") else "node-findings" for id in told.titles}
    return [{"id": id, "title": title, "place": f"?node={node}#{places[id]}"} for id, title in told.titles.items()]


def _found(finding: Finding) -> Found:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return Found(finding.severity, finding.rule, finding.message, place, finding.cure, finding.new)
