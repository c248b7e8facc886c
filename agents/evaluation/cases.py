"""Recorded cases: one YAML or JSON file each, read strictly, so that a case with a slip is an error and no pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agents.briefing import Found, Subject
from agents.specialists import registry
from controlplane.core.errors import Invalid

SUFFIXES = (".yaml", ".yml", ".json")
LARGEST = 1024 * 1024  # bytes


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Strict):
    """One thing that an answer holds or not: exactly one of these. A plain string in a case is `text`."""

    text: str = ""  # somewhere in the reading or its risks; case does not matter
    regex: str = ""
    cites: str = ""  # an id, by the reading or one of its risks
    calls: str = ""  # a tool, by name

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Check:
        given = [value for value in (self.text, self.regex, self.cites, self.calls) if value]
        if len(given) != 1:
            raise ValueError("give exactly one of text, regex, cites, calls")
        re.compile(self.regex)
        return self

    def __str__(self) -> str:
        name, value = next((name, value) for name, value in self.model_dump().items() if value)
        return repr(value) if name == "text" else f"{name} {value!r}"


class Piece(_Strict):
    """A piece of evidence, as Step keeps it."""

    title: str
    kind: Literal["text", "table", "log", "diff", "json", "request"]
    body: Any
    asked: str = ""
    verdict: str | None = None


class Finding(_Strict):
    """A finding, as a briefing shows it."""

    severity: Literal["info", "low", "medium", "high", "critical"]
    rule: str
    message: str
    place: str = ""
    cure: str = ""
    new: bool = False


class Recorded(_Strict):
    """What a tool answered; with `arguments`, only where the call has these."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    status: Literal["ok", "no_data", "error"] = "ok"
    data: Any = None
    error: str = ""


class Case(_Strict):
    """One recorded step of one specialist, and what an answer to it must and must not hold."""

    about: str = Field(description="What happened, in a sentence, for whoever reads the case.")
    specialist: str
    verdict: Literal["passed", "failed", "inconclusive", "not_evaluated", "no_data"]
    summary: str
    cure: str = ""
    application: str = "shop"
    environment: str = "production"
    tier: Literal["local", "staging", "production"] = "production"
    live: str = ""
    evidence: list[Piece] = Field(default_factory=list)
    findings: list[Finding] = Field(default_factory=list)
    tools: list[Recorded] = Field(default_factory=list)
    must: list[Check] = Field(min_length=1)
    must_not: list[Check] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known(self) -> Case:
        if self.specialist not in registry():
            raise ValueError(f"there is no specialist {self.specialist!r}; there are {', '.join(sorted(registry()))}")
        foreign = {one.name for one in self.tools} - set(registry()[self.specialist].tools)
        if foreign:
            raise ValueError(f"{self.specialist} holds no tool {', '.join(sorted(foreign))}")
        return self

    def subject(self) -> Subject:
        """As a briefing takes it."""
        one = registry()[self.specialist]
        return Subject(
            specialist=one.title,
            purpose=one.purpose,
            application=self.application,
            environment=self.environment,
            tier=self.tier,
            verdict=self.verdict,
            summary=self.summary,
            cure=self.cure,
            live=self.live,
            evidence=[piece.model_dump() for piece in self.evidence],
            findings=[Found(**found.model_dump()) for found in self.findings],
        )


def load(folder: Path, specialist: str = "") -> dict[str, Case]:
    """The cases of the folder by name, of this specialist only if one is named. Raises Invalid with the file and what is wrong."""
    if not folder.is_dir():
        raise Invalid(f"There is no folder {folder}.", cure="Name the folder that holds the cases.")
    found = {path.relative_to(folder).with_suffix("").as_posix(): _read(path) for path in _files(folder)}
    cases = {name: case for name, case in found.items() if specialist in ("", case.specialist)}
    if not cases:
        of = f" of the specialist {specialist}" if specialist else ""
        raise Invalid(f"{folder} holds no case{of}.", cure="A case is a .yaml or .json file; the documentation shows one.")
    return cases


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def _read(path: Path) -> Case:
    try:
        if path.stat().st_size > LARGEST:
            raise Invalid(f"{path} is larger than a case.")
        return Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc'])) or 'the case'}: {one['msg']}" for one in error.errors()[:10]]
        raise Invalid(f"{path} is no case. {'; '.join(lines)}") from error
    except (yaml.YAMLError, UnicodeDecodeError, re.error) as error:
        raise Invalid(f"{path} cannot be read: {error}") from error
