"""Recipes to write Dockerfiles from."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from workloads.images import Recipe
from workloads.models import Application
from workloads.source.plan import build_steps, run_plan
from workloads.source.project import Project, Read, Requirements, RunPlan, Step
from workloads.source.understand import understand

BASE = "docker.io/library/python@sha256:" + "b" * 64
COLLECT = Step("collect static files", ("python", "manage.py", "collectstatic", "--noinput"), "release")
MIGRATE = Step("migrate", ("python", "manage.py", "migrate", "--noinput"), "release")
WEB = ["gunicorn", "shop.wsgi:application", "--bind", "127.0.0.1:{port}", "--workers", "2"]
SECRET = Read("SECRET_KEY", "shop/settings.py", 3, True, secret=True, setting="SECRET_KEY")
SAMPLE = Path("deploy/sample/base")


def recipe(**changed: Any) -> Recipe:
    """A shop with PostgreSQL; anything of it changed."""
    project = Project(folder="", settings_module="shop.settings", requirements=Requirements("pip"), reads=(SECRET,))
    plan = RunPlan(
        "shop.settings", processes={"web": WEB, "worker": ["celery", "-A", "shop", "worker"]}, release_steps=[MIGRATE, COLLECT]
    )
    made = Recipe(project, plan, "shop", BASE, "3.12", ("django==5.2.1", "gunicorn==23.0.0", "whitenoise==6.9.0"))
    return replace(made, **changed)


def of_source(folder: Path, pins: tuple[str, ...]) -> Recipe:
    """The recipe of a checkout, as far as its files tell."""
    project = understand(folder, "")
    application = Application(name="harbour", repository="https://git.example.org/harbour.git")
    plan = run_plan(project, application, None)
    steps = build_steps(project, application)
    return Recipe(
        project, plan, "harbour", BASE, "3.12", pins, steps, "python:3.12-slim-bookworm", repository=application.repository
    )


def hadolint(text: str) -> str:
    """What hadolint says of a Dockerfile; empty when it has nothing to say."""
    program = shutil.which("hadolint", path=f"{Path('.venv/bin').resolve()}:/usr/local/bin:/usr/bin")
    assert program is not None, "hadolint is part of requirements/dev.txt"
    done = subprocess.run([program, "--no-color", "-"], input=text, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr
