"""Plain lists: deployments."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.core.actors import Actor
from controlplane.dashboard import places
from controlplane.dashboard.paging import page_of, text
from workloads import visibility
from workloads.models import Deployment


def deployments(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every attempt to make a release live, newest first."""
    environment = places.environment(request, actor)
    rows = environment.filter(visibility.deployments(actor), "environment")
    rows, chosen = filtered(request, rows, status="status", kind="kind")
    context: dict[str, Any] = {"page": page_of(request, rows), "chosen": chosen, "environment": environment}
    context |= {"states": Deployment.Status.values, "kinds": Deployment.Kind.values}
    return render(request, "deployments/list.html", context)


def filtered(request: HttpRequest, rows: Any, **fields: str) -> tuple[Any, dict[str, str]]:
    """The rows that the filters in the address ask for, and those filters; nonsense filters nothing."""
    chosen = {name: text(request, name) for name in fields}
    for name, field in fields.items():
        if chosen[name]:
            rows = rows.filter(**{field: chosen[name]})
    return rows, chosen
