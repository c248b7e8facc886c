"""Pure: a Django project and how it runs, as a Dockerfile and what stands beside it; and the names of images.

May import `workloads.source` and `controlplane.core`. Absent on purpose: files, programs, registries and the clock. What is
read from the project is data of strangers: every word of it is quoted before it becomes part of a Dockerfile, or refused.
"""

from workloads.images.dockerfile import MADE, Written, write
from workloads.images.recipe import Recipe
from workloads.images.reference import Reference, parse

__all__ = ["MADE", "Recipe", "Reference", "Written", "parse", "write"]
