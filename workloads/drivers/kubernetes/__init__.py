"""The Kubernetes driver: a release as objects of a cluster, applied on the server's side, watched until it stands.

`driver` keeps the protocol. `foreseeing` says beforehand what would change, `staging` prepares, `rolling` and `sets` give the
traffic, `returning` takes it back, `watching` judges. Below them: `pen` writes (fenced, never doubled), `asking` asks again,
`waiting` and `pods` say how workloads stand, `parts` is what a release is made of here. Absent on purpose: rendering
(`workloads.manifests`), HTTP with the cluster (`workloads.adapters.kubernetes`), and any correction that no Change asked for.
"""

from workloads.drivers.kubernetes.driver import KubernetesDriver

__all__ = ["KubernetesDriver"]
