"""Building an application: what to install, how to install it, what a failure means. The door is `workloads.builds`.

Absent on purpose: knowledge of environments, releases and deployments. A build depends on files and interpreters only.
"""
