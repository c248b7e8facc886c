"""Ask: questions about an environment, their answers as they come, and giving one up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from agents import inquiries
from agents.models import Inquiry
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.rights import may
from controlplane.dashboard import door, sight
from controlplane.dashboard.paging import text
from controlplane.dashboard.reads import environments
from controlplane.dashboard.reads import inquiries as reads
from workloads import visibility
from workloads.models import Environment, Incident


def show(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The newest question, or the one that `?number=` names; `?q=` fills the form, `?incident=` says what it is about."""
    environment = environments.one(actor, environment_id)
    context = reads.of(actor, environment, request.GET.get("number", ""))
    context |= {"may_ask": may(actor, Verb.RUN, environment.scopes), "key": door.once()}
    context |= {
        "begun": request.GET.get("q", "")[: inquiries.LONGEST],
        "incident": _incident(actor, environment, text(request, "incident")),
    }
    return render(request, "ask/_now.html" if door.is_htmx(request) else "ask/page.html", context)


def ask(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Ask, and go to where the answer will appear."""
    environment = environments.one(actor, environment_id)
    incident = _incident(actor, environment, request.POST.get("incident", ""))
    key = request.POST.get("key", "").strip() or door.once()
    made = inquiries.ask(actor, environment, request.POST.get("question", ""), key=f"{actor.user_id}-{key}", incident=incident)
    return door.go(request, f"{reverse('ask', args=[environment.pk])}?number={made.pk}")


def cancel(request: HttpRequest, actor: Actor, inquiry_id: int) -> HttpResponse:
    """Give it up, and go back to it."""
    found: Inquiry = sight.one(inquiries.visible(actor), gettext("question"), pk=inquiry_id)
    inquiries.cancel(actor, found)
    return door.go(request, f"{reverse('ask', args=[found.environment_id])}?number={found.pk}")


def _incident(actor: Actor, environment: Environment, number: str) -> Incident | None:
    """The incident that is named, if it is one of this environment."""
    if not number.isdecimal() or len(number) > 17:
        return None
    return visibility.incidents(actor).filter(environment=environment, pk=int(number)).first()
