"""Snapshots: an immutable bundle of evidence of a namespace or a whole cluster, in one layout.

`taking` takes and prunes them, `collecting` asks the cluster side by side, `folder` writes and proves the files; `veil`,
`declared` and `coverage` are pure. May import the adapters and models of this room. Absent on purpose: any conclusion
(that is `diagnosis`), and any value of a Secret.
"""
