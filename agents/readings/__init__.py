"""Readings: what a model may write about a plan, a failure or a specialist's step, after it and beside the page's own facts.

`asked` makes the rows in the transaction of what happened; `writing` has one written, under a lease, by a task of its own. The
facts are gathered by `plans`, `failures` and `steps`, one module a kind, named in `kinds`; `inquiring` has questions of people
answered by `agents.investigating`. Nothing is decided by a reading, nobody but who asked waits for one, and a model that fails
leaves a line that says so. May import `agents.llm`, `agents.investigating`, `workloads`, `controlplane.core`.
"""
