"""One case put to an endpoint: asked as a run would ask, with tools that answer from the record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from agents import budgets, profiles, thinking, tools
from agents.briefing import brief
from agents.evaluation.cases import Case, Check, Recorded
from agents.llm.asking import ask
from agents.llm.question import BoundTool, ToolAnswer
from agents.models import ModelCall, ModelEndpoint
from agents.readings.shapes import Told
from agents.specialists import registry

PURPOSE = "evaluation"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one case. `verdict`: `passed`, `failed`, or `not_evaluated` where there was no answer; `why_not` says why."""

    case: str
    specialist: str
    verdict: str
    missing: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    why_not: str = ""
    calls: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    said: Mapping[str, Any] = field(default_factory=dict)


def run(name: str, case: Case, endpoint: ModelEndpoint | None) -> Trial:
    """Put the case to the endpoint (None: the one the specialist would ask)."""
    one = registry()[case.specialist]
    profile = profiles.profile(one.name)
    called: list[str] = []
    bound = tuple(_recorded(tool, case.tools, called) for tool in tools.held(one, profile.tools))
    told = brief(case.subject(), thinking.room(case.specialist, endpoint))
    answer = ask(thinking.question(told, profile, bound, purpose=PURPOSE), endpoint=endpoint)
    spent = budgets.total(ModelCall.objects.filter(pk__in=answer.calls))
    used: dict[str, Any] = {"calls": spent.calls, "tool_calls": len(called), "tokens": spent.tokens, "cost": spent.money}
    if answer.value is None:
        return Trial(name, one.name, "not_evaluated", why_not=answer.why_not, **used)
    assert isinstance(answer.value, Told)
    missing = tuple(str(check) for check in case.must if not holds(check, answer.value, called))
    forbidden = tuple(str(check) for check in case.must_not if holds(check, answer.value, called))
    verdict = "failed" if missing or forbidden else "passed"
    return Trial(name, one.name, verdict, missing, forbidden, said=answer.value.model_dump(), **used)


def holds(check: Check, told: Told, called: list[str]) -> bool:
    """Whether the answer holds what the check names."""
    text = "\n".join([told.text, *(f"{risk.level}: {risk.text}" for risk in told.risks)])
    if check.text:
        return check.text.casefold() in text.casefold()
    if check.regex:
        return re.search(check.regex, text, re.I | re.M) is not None
    if check.cites:
        return check.cites in {*told.facts, *(fact for risk in told.risks for fact in risk.facts)}
    return check.calls in called


def _recorded(name: str, answers: list[Recorded], called: list[str]) -> BoundTool:
    """The tool by its own name, words and schema, answering from the record; what was not recorded is no data."""
    real = tools.registry()[name]

    def call(arguments: BaseModel) -> ToolAnswer:
        called.append(name)
        given = arguments.model_dump()
        fits = (one for one in answers if one.name == name and one.arguments.items() <= given.items())
        one = next(fits, None)
        return ToolAnswer(one.status, name, one.data, one.error) if one else ToolAnswer("no_data", name)

    return BoundTool(name, real.description, real.arguments, call)
