"""The host: runs on this machine what the rows want, and puts the stable addresses in front of it.

One daemon (`manage.py host`). It reads Instances and Environments from PostgreSQL, starts, adopts and stops their
processes, forwards their stable addresses, and writes down what it observes. It decides nothing: which instance is
wanted, and which one is live, is written by `workloads.drivers.process`. Absent on purpose: approvals, verdicts, builds.
"""
