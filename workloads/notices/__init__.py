"""Notices: people are told of what happened, each once, in order, wherever they asked to be told.

`announce` writes down what happened, in the transaction that makes it true. `routing`, `quiet`, `patience` and `wording`
are pure; `router` turns announcements into messages, `sending` delivers them under a lease. Imports the models, the
adapters and core; changes, incidents, holds, findings and runs import this, never the other way.
"""

from workloads.notices.announcing import announce

__all__ = ["announce"]
