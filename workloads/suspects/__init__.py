"""Suspects: what was changed in an environment before its first symptom, the usual one first.

`ranking` is pure; `reading` gathers what is known from rows and from a Snapshot. May import what `workloads` may.
"""

from workloads.suspects.ranking import Happening, Kind, Suspect, rank
from workloads.suspects.reading import happenings, onset

__all__ = ["Happening", "Kind", "Suspect", "happenings", "onset", "rank"]
