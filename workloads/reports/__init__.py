"""Reports of tools that ran elsewhere, as facts: one file a format, pure, typed, limited in size.

May import `workloads.evidence` and `controlplane.core`. What a report says is data of strangers: nothing in it is
opened, fetched or run.
"""

from workloads.reports.parsing import FORMATS, Parsed, parse

__all__ = ["FORMATS", "Parsed", "parse"]
