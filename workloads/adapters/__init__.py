"""The windows outside: git, child processes, toolchains, scanners, databases, probes. May import core, evidence and the models.

Each adapter has a deadline, returns frozen dataclasses and raises our errors with theirs as cause. Absent on purpose:
decisions. Whether something may be done is decided elsewhere.
"""
