"""An application: its environments, releases, what was understood of it; asking for a deployment."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from agents import promotion
from agents import runs as engine
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from controlplane.core.permissions import Verb
from controlplane.dashboard import door, sight
from controlplane.dashboard.paging import number
from controlplane.dashboard.reads import profile, promotions, runs
from workloads import visibility
from workloads.models import Application, Deployment, Environment, Release


def show(request: HttpRequest, actor: Actor, application_id: int) -> HttpResponse:
    """The application's page."""
    application = sight.one(visibility.applications(actor), "application", pk=application_id)
    return render(request, "applications/page.html", _context(actor, application))


def deploy(request: HttpRequest, actor: Actor, application_id: int) -> HttpResponse:
    """Start a deploy run and go to its page; what was typed stays when it is refused."""
    application = sight.one(visibility.applications(actor), "application", pk=application_id)
    try:
        run = engine.start(actor, *_asked(request, actor, application), idempotency_key=request.POST.get("key", "")[:100])
    except TimonelError as error:
        context = _context(actor, application) | {"error": error, "typed": request.POST}
        template = "applications/_deploy.html" if door.is_htmx(request) else "applications/page.html"
        return render(request, template, context, status=error.status)
    return door.go(request, reverse("run", kwargs={"run_id": run.pk}))


def promote(request: HttpRequest, actor: Actor, application_id: int) -> HttpResponse:
    """Start a deploy run of what is live in one environment in another, and go to its page."""
    application = sight.one(visibility.applications(actor), "application", pk=application_id)
    mine = sight.environments(actor).filter(application=application)
    try:
        target = sight.one(mine, "environment", pk=number(request.POST.get("environment", "")) or 0)
        seen = visibility.deployments(actor).filter(environment__application=application)
        source = sight.one(seen, "deployment", pk=number(request.POST.get("deployment", "")) or 0)
        run = promotion.promote(actor, source, target, idempotency_key=request.POST.get("key", "")[:100])
    except TimonelError as error:
        context = _context(actor, application) | {"promotion_error": error}
        template = "applications/_promotions.html" if door.is_htmx(request) else "applications/page.html"
        return render(request, template, context, status=error.status)
    return door.go(request, reverse("run", kwargs={"run_id": run.pk}))


def _asked(request: HttpRequest, actor: Actor, application: Application) -> tuple[Environment, str, dict[str, object]]:
    mine = sight.environments(actor).filter(application=application)
    environment = sight.one(mine, "environment", pk=number(request.POST.get("environment", "")) or 0)
    ref = request.POST.get("ref", "").strip()
    if not ref:
        raise Invalid("Which version should be deployed?", cure="Name a tag, a branch or a commit of the repository.")
    return environment, "deploy", {"ref": ref}


def _context(actor: Actor, application: Application) -> dict[str, object]:
    environments = list(sight.environments(actor).filter(application=application))
    related = "release__application", "environment"
    live = Deployment.objects.filter(environment__in=environments, status="live").select_related(*related)
    by_environment = {deployment.environment_id: deployment for deployment in live}
    deployable = list(sight.environments(actor, Verb.RUN).filter(application=application))
    return {
        "application": application,
        "environments": [(environment, by_environment.get(environment.pk)) for environment in environments],
        "deployable": deployable,
        "promotions": promotions.between(environments, by_environment, deployable),
        "releases": Release.objects.filter(application=application).order_by("-pk")[:12],
        "runs": runs.visible(actor).filter(environment__application=application).order_by("-pk")[:8],
        "understood": application.understood or {},
        "profile": profile.of(application.understood) if application.understood else None,
        "key": door.once(),
    }
