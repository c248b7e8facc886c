"""Pure: what already runs on a cluster, understood as an application that Timonel could run there.

`running` is what was read, `matching` says which of it belongs together, `settling` makes options and patches of it, so that our
manifests give the same pods. Absent on purpose: clusters and rows (see `workloads.adoption`).
"""
