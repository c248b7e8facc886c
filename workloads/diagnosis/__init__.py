"""Diagnosis: from a Snapshot to ranked hypotheses, `healthy` or `inconclusive`. Pure: no Django, no I/O, no clock.

`snapshot` is what comes in, `answers` what goes out, `engine.diagnose` the way between: `view` reads the evidence (typed,
indexed, on demand), `rules` (one file a family of faults) make hypotheses, `ranking` puts causes before consequences,
`findings` reports what is worth mending though nothing is broken. May import `controlplane.core.redaction` and
`workloads.evidence`. On purpose absent: reading of folders and clusters (`workloads.adapters`), rows, applying remedies.
"""
