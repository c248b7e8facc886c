"""What we know: sources of documents, their passages, and the search that finds and cites them. `corpus/` is our own.

May import `controlplane.core` only. It knows no applications: a scope is a word of a role binding (`*`, `application/7`,
`environment/9`). Absent on purpose: reading Git or the web. Whoever may (the doors, `agents`) brings the files here.
"""
