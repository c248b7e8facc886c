"""Pure: what each pending migration operation does to the release that is running, and whether it can be undone.

`classify_plan` is the way in; the rules are one file a subject: tables, columns, indexes, statements. No I/O: operations
come from workloads.described, and what the running release reads comes in with the Situation.
"""

from workloads.schema.classify import classify, classify_plan
from workloads.schema.operation import Classified, Column, Kind, Operation, Situation

__all__ = ["Classified", "Column", "Kind", "Operation", "Situation", "classify", "classify_plan"]
