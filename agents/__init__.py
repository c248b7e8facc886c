"""Who acts: runs of workflow graphs, the specialists that work in them, the tools they hold.

May import `workloads`, `knowledge` and `controlplane.core`. A graph knows no Django and no models; it reaches the
world through `context`. Effects are `workloads.changes.apply` only.
"""
