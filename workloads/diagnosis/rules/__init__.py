"""The rules, one file a family: small functions from the view to hypotheses with evidence. `everything.RULES` lists them.

A rule starts from what is wrong *now* in objects and reads events and logs for the reason, never the other way round: an event
without a present symptom is history. Its docstring says what it rests on: Kubernetes' own semantics, or a convention of whoever
collected the Snapshot (texts in probes.json).
"""
