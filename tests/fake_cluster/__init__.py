"""A small Kubernetes API server of our own, over real HTTP, for what a real one will not do on command.

`FakeCluster` is the server, `Fault` is what goes wrong and when. It keeps objects in memory with resource versions, lists in
chunks, watches, applies on the server's side in simple form, checks rights, and (when asked) plays the controllers of
Deployments, Jobs and Services. Absent on purpose: defaults and validation of a real API server.
"""

from tests.fake_cluster.faults import KINDS, Fault
from tests.fake_cluster.server import FakeCluster

__all__ = ["KINDS", "FakeCluster", "Fault"]
