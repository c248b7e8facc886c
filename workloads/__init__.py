"""What we operate: applications, environments, releases, deployments, changes, findings, incidents.

Imports `controlplane.core` only; knows nothing of agents, graphs or models. `adapters` are the only windows outside.
"""
