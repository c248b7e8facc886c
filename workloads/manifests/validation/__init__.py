"""Is an object what its kind's schema says? Pure: `workloads.adapters.schemas` brings the schemas of Kubernetes' own kinds.

`custom` has short schemas of our own for the custom kinds that are rendered. They are what those projects document and what is
needed to be understood by them, no copy of their definitions: fields they do not name pass.
"""

from workloads.manifests.validation.problems import wrong

__all__ = ["wrong"]
