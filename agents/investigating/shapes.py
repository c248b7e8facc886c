"""What an answer of the investigator is made of, as a model is asked for it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

IDS = "The ids of the evidence that says so, as they stand, such as event-3fa2c1."


class Claim(BaseModel):
    """One thing that is so."""

    text: str = Field(min_length=1, max_length=500, description="One plain sentence: what is so, of which object.")
    evidence: list[str] = Field(max_length=20, description=IDS)


class Reply(BaseModel):
    """An answer. What rests on no evidence is not kept."""

    answer: str = Field(min_length=1, max_length=2_000, description="The answer to the question, one to five plain sentences.")
    evidence: list[str] = Field(max_length=20, description=IDS)
    claims: list[Claim] = Field(max_length=12, description="What the answer rests on, step by step; empty where nothing is known.")
    engine: Literal["agrees", "disagrees", "cannot_tell"] = Field(description="How you stand to the engine's first explanation.")
    differs: Claim | None = Field(description="Only where you disagree: what is wrong with its explanation. Otherwise null.")
    unknown: list[str] = Field(max_length=8, description="What could not be told, and what would tell it; one sentence each.")
