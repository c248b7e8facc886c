"""Pure: what of a repository does not go into its image."""

from __future__ import annotations

from workloads.images.recipe import Recipe

ALWAYS = (
    ".git", ".gitignore", ".gitattributes", ".github", ".gitlab-ci.yml", ".circleci", ".travis.yml", ".pre-commit-config.yaml",
    ".idea", ".vscode", ".devcontainer", ".editorconfig",
    ".venv", "venv", "**/__pycache__", "**/*.py[co]", "**/node_modules", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache",
    ".tox", ".nox", ".coverage", "htmlcov", "**/.DS_Store",
    "Dockerfile*", "docker-compose*.y*ml", "compose*.y*ml", ".dockerignore", "*.log",
)  # fmt: skip


def text(recipe: Recipe) -> str:
    """The .dockerignore: what development needs, secrets of development, data that outlives releases."""
    folder = f"{recipe.project.folder}/" if recipe.project.folder else ""
    data = [f"{folder}{path}" for path in recipe.plan.shared if not path.endswith("/")]
    secrets = [] if recipe.project.env_file else ["**/.env", "**/.env.*"]
    lines = [*ALWAYS, *secrets, *(path for path in data if path.isprintable() and not path.startswith(("!", "#")))]
    return "# What does not belong into the image.\n" + "\n".join(lines) + "\n"
