"""What is wrong in an environment on a cluster: the newest diagnosis, those before, and asking for one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.rights import may
from controlplane.dashboard import door
from controlplane.dashboard.reads import diagnoses as reads
from controlplane.dashboard.reads import environments
from workloads import diagnoses, pictures


def show(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The newest diagnosis, or the one that `?number=` names."""
    environment = environments.one(actor, environment_id)
    context = reads.of(actor, environment, request.GET.get("number", ""))
    context |= {"target": pictures.target_of(environment), "may_ask": may(actor, Verb.RUN, environment.scopes)}
    return render(request, "diagnoses/_now.html" if door.is_htmx(request) else "diagnoses/page.html", context)


def ask(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Have one made, and go back to where it will appear."""
    environment = environments.one(actor, environment_id)
    diagnoses.ask(actor, environment)
    return door.go(request, reverse("diagnosis", args=[environment.pk]))
