"""One Kubernetes cluster, spoken to in raw JSON.

`access` makes a connection out of stored credentials, `client` asks and tells, `kinds` names what there is, `failures` are
what can go wrong. Objects are the plain dictionaries of the API. Absent on purpose: typed models of Kubernetes (slow, and
behind the server's version), and any decision.
"""
