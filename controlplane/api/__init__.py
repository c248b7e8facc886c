"""The API /api/v1/: doors for CI and other programs.

Thin: a view reads who asks, calls a use case or a query with that actor, and renders. Rights live in the queries and use
cases, so what a token may not see answers 404. May import `agents`, `workloads` and `controlplane.core`.
"""
