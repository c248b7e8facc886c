"""Asking for the pages of a release: those that are known, and where all of them are silent the usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workloads.adapters import probes
from workloads.adapters.probes import Page, Target
from workloads.drivers import checks


def pages_of(target: Target, plan: Mapping[str, Any], deadline: float) -> list[Page]:
    """Every known page, rendered once (each within the deadline, in seconds)."""
    pages = [probes.page(target, str(path), deadline=deadline) for path in plan.get("pages") or ["/"]]
    silent = all(checks.look_at_page(page).word == "silent" for page in pages)
    return pages + _fallbacks(target, deadline) if silent else pages


def _fallbacks(target: Target, deadline: float) -> list[Page]:
    """Where an application without a landing page usually shows itself; what is not there is not held against it."""
    tried = [probes.page(target, path, deadline=deadline) for path in checks.FALLBACKS]
    return [page for page in tried if page.document.status not in {404, 405, 410}]
