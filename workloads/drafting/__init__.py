"""Drafting what people read afterwards: pure functions from facts to Markdown. No Django, no rows, no clock, no model."""

from workloads.drafting.postmortem import Moment, Story, draft

__all__ = ["Moment", "Story", "draft"]
