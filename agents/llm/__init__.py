"""Models: asked questions whose answers are data. The only place that imports langchain_openai.

A model explains and drafts; nothing here decides, and no failure in here fails a run. May import `workloads` and
`controlplane.core`.
"""
