"""The knowledge base: the search, a document, the sources. What it says was written by others: it is quoted, never rendered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import shelves
from agents.shelves import LANGUAGES
from controlplane.core.actors import Actor
from controlplane.core.permissions import EVERYWHERE, Verb
from controlplane.core.rights import demand
from controlplane.dashboard import door, exports, sight
from controlplane.dashboard.paging import number, page_by_path, text
from controlplane.dashboard.reads import knowledge as reads
from knowledge import ages, feedback
from knowledge.models import Feedback, Passage, Source

LIMIT = 10
LONGEST = 1_000  # characters of a question
MOST_SKIPPED = 200
COLUMNS = ("id", "given_at", "given_by", "helped", "question", "document")
EXAMPLES = (_("exit code 137"), _("the site is slow after a deployment"), _("how do I roll back"))


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A question, and the passages that answer it best."""
    asked = request.GET.get("q", "").strip()[:LONGEST]
    known = list(shelves.counted(shelves.visible(actor)))
    chosen = {"source": text(request, "source"), "language": text(request, "language")}
    chosen["language"] = chosen["language"] if chosen["language"] in LANGUAGES else ""
    found = shelves.find(actor, asked, LIMIT, **chosen) if asked else []
    context: dict[str, Any] = {"question": asked, "sources": known, "chosen": chosen, "languages": LANGUAGES, "examples": EXAMPLES}
    context["finds"] = reads.shown(actor, asked, found)
    context |= {"documents": sum(one.document_count for one in known), "passages": sum(one.passage_count for one in known)}
    return render(request, "knowledge/search.html", context)


def document(request: HttpRequest, actor: Actor, document_id: int) -> HttpResponse:
    """The whole text of a document, the lines that were asked for marked."""
    found = sight.one(shelves.documents(actor), gettext("document"), pk=document_id)
    stretch = reads.stretch(found, text(request, "lines"), number(request.GET.get("begin", "")))
    context = {"document": found, "stretch": stretch, "stale": ages.stale(found.source)}
    return render(request, "knowledge/document.html", context)


def tell(request: HttpRequest, actor: Actor, passage_id: int) -> HttpResponse:
    """Say whether a find helped."""
    passage: Passage = sight.one(shelves.passages(actor), gettext("passage"), pk=passage_id)
    asked, helped = request.POST.get("q", ""), request.POST.get("helped") == "yes"
    feedback.give(actor, asked, passage, helped=helped)
    if door.is_htmx(request):
        return render(request, "knowledge/_feedback.html", {"question": asked, "passage": passage.pk, "helped": helped})
    query = QueryDict(mutable=True)
    query.update({name: request.POST[name] for name in ("q", "source", "language") if request.POST.get(name)})
    return door.go(request, f"{reverse('knowledge')}?{query.urlencode()}#passage-{passage.pk}")


def sources(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where what is known comes from, and how well it was read."""
    rows = list(shelves.counted(shelves.visible(actor)))
    context = {"sources": rows, "scope_names": shelves.places([one.scope for one in rows])}
    context["administered"] = shelves.administered(actor, rows)
    template = "knowledge/_sources.html" if door.is_htmx(request) else "knowledge/sources.html"
    return render(request, template, context)


def source(request: HttpRequest, actor: Actor, source_id: int) -> HttpResponse:
    """One source: its documents, and the files that were not read."""
    found: Source = sight.one(shelves.counted(shelves.visible(actor)), gettext("source"), pk=source_id)
    page = page_by_path(request, found.documents.defer("text"))
    context = {"source": found, "page": page, "skipped": found.skipped.all()[:MOST_SKIPPED]}
    context |= {"administered": shelves.administered(actor, [found]), "scope_names": shelves.places([found.scope])}
    return render(request, "knowledge/source.html", context)


def export(request: HttpRequest, actor: Actor) -> StreamingHttpResponse:
    """What people said of what was found, to measure the search with."""
    demand(actor, Verb.ADMINISTER, [EVERYWHERE], gettext("what people said of the search"))
    name = f"feedback-{timezone.now():%Y-%m-%d}.csv"
    return exports.response(Feedback.objects.all(), COLUMNS, exports.FORMS["csv"], name)


def refresh(request: HttpRequest, actor: Actor, source_id: int) -> HttpResponse:
    """Have a source read now."""
    found: Source = sight.one(shelves.visible(actor), gettext("source"), pk=source_id)
    shelves.refresh(actor, found)
    return door.go(request, reverse("knowledge-sources"))
