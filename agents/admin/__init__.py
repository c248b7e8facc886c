"""The admin's pages of runs, specialists and models: configuration is audited, records are read only."""

from agents.admin import budgets, calls, endpoints, profiles, runs  # noqa: F401  Django looks for what registers itself
