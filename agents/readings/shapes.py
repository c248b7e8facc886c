"""What a reading is made of, as a model is asked for it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Risk(BaseModel):
    """One thing that may go wrong."""

    text: str = Field(min_length=1, max_length=500, description="What may go wrong, and for whom, in one plain sentence.")
    level: Literal["low", "medium", "high"]
    facts: list[str] = Field(description="The ids of the facts that say so, such as F2.")


class Told(BaseModel):
    """A reading."""

    text: str = Field(min_length=1, max_length=2_000, description="Two to five plain sentences. No headings, no lists.")
    facts: list[str] = Field(description="The ids of the facts that this rests on, such as F1.")
    risks: list[Risk] = Field(max_length=5, description="The gravest first; empty where the facts name none.")
