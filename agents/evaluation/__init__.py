"""How well a model does for a specialist: recorded cases put to it, its answers held against what they must and must not hold.

The question is the one that a run would ask, prompt, briefing and tools included; the tools answer from the record, so that
nothing outside is touched and each trial is the same. May import `agents.llm`, `agents.briefing`, `agents.tools`.
"""
