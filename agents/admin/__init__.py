"""The admin's pages of runs, specialists, models and the knowledge base: configuration is audited, records are read only."""

from agents.admin import budgets, calls, endpoints, knowledge, profiles, runs  # noqa: F401  Django looks for what registers itself
