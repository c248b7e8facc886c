"""A repair on a cluster: tried first, written once, looked at until it holds. What is written is `workloads.repairs`' word."""
