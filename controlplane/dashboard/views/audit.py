"""The audit: who did what, when; searched, opened, exported, and proved on request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core import verification
from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound, Refused
from controlplane.core.models import AuditEntry
from controlplane.core.permissions import Verb
from controlplane.core.rights import reach
from controlplane.dashboard import door, exports, sight
from controlplane.dashboard.paging import page_of
from controlplane.dashboard.reads.audit import Search, difference

COLUMNS = [field.attname for field in AuditEntry._meta.concrete_fields]


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The entries that the search in the address asks for, newest first."""
    _demand(actor)
    search = Search.of(request.GET)
    asked = urlencode(search.asked)
    context = {"page": page_of(request, search.rows()), "search": search, "asked": f"?{asked}" if asked else "", **_proof()}
    return render(request, "audit/list.html", context)


def entry(request: HttpRequest, actor: Actor, number: int) -> HttpResponse:
    """One entry with everything it says, before and after side by side."""
    _demand(actor)
    found = sight.one(AuditEntry.objects.all(), _("entry"), number=number)
    template = "audit/_entry.html" if door.is_htmx(request) else "audit/entry.html"
    return render(request, template, {"entry": found, "rows": difference(found)})


def proof(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Whether the chain is whole, as the last proof found it."""
    _demand(actor)
    return render(request, "audit/_proof.html", _proof())


def verify(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Have the chain proved now."""
    _demand(actor)
    verification.ask(actor)
    return proof(request, actor) if door.is_htmx(request) else door.go(request, reverse("audit"))


def export(request: HttpRequest, actor: Actor, form: str) -> HttpResponse | StreamingHttpResponse:
    """The list that is shown, whole, as a file."""
    _demand(actor)
    if form not in exports.FORMS:
        raise NotFound(_("There is no such kind of file."), cure=_("Ask for csv or jsonl."))
    name = f"audit-{timezone.now():%Y-%m-%d}.{form}"
    return exports.response(Search.of(request.GET).rows(), COLUMNS, exports.FORMS[form], name)


def _proof() -> dict[str, Any]:
    return {"latest": verification.latest(), "whole": verification.latest_whole()}


def _demand(actor: Actor) -> None:
    if not reach(actor, Verb.VIEW).everywhere:
        raise Refused(
            "The audit tells of everything, and you may see only a part.",
            cure="Ask an administrator for the role viewer everywhere.",
        )
