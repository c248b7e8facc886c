"""The same objects in the ways in which people keep them: plain YAML, Kustomize, a Helm chart, an Argo CD Application.

Each module has `files(profile)`: path -> content, sorted by path. No file ever holds a secret's value.
"""
