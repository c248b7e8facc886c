"""The knowledge base for a person: what they may find and read, have read anew, and add to. Rights become scopes here.

`knowledge` itself knows no applications. What has no scope of theirs does not exist for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlplane.core import queue
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand, reach, within
from knowledge import sources, uploads
from knowledge.models import Document, Passage, Skipped, Source
from knowledge.retrieval import Found, Scope, search
from workloads import visibility
from workloads.models import Application, Environment

LANGUAGES: dict[str, str | Promise] = {"en": _("English"), "es": _("Spanish")}


def visible(actor: Actor) -> QuerySet[Source]:
    """The sources whose documents the actor may find."""
    names = visibility.scopes(actor)
    return Source.objects.all() if names is None else Source.objects.filter(scope__in=names)


def counted(rows: QuerySet[Source]) -> QuerySet[Any]:
    """Each with how many documents, passages and skipped files it has: `document_count` and so on."""
    documents = Document.objects.filter(source=OuterRef("pk"))
    passages = Passage.objects.filter(document__source=OuterRef("pk"))
    skipped = Skipped.objects.filter(source=OuterRef("pk"))
    return rows.annotate(
        document_count=_count(documents, "source"),
        passage_count=_count(passages, "document__source"),
        skipped_count=_count(skipped, "source"),
    )


def documents(actor: Actor) -> QuerySet[Document]:
    """The documents the actor may read."""
    return Document.objects.filter(source__in=visible(actor)).select_related("source")


def passages(actor: Actor) -> QuerySet[Passage]:
    """The passages the actor may find."""
    return Passage.objects.filter(document__source__in=visible(actor)).select_related("document__source")


def find(actor: Actor, question: str, limit: int, *, source: str = "", language: str = "") -> list[Found]:
    """The passages that answer the question best, of those the actor may find; of one source by its name, if one is named."""
    names = visibility.scopes(actor)
    chosen = frozenset(visible(actor).filter(name=source).values_list("pk", flat=True)) if source else frozenset()
    if (names is not None and not names) or (source and not chosen):
        return []
    return search(question, Scope(names, chosen, language), limit)


def administered(actor: Actor, rows: Iterable[Source]) -> set[int]:
    """Which of these sources the actor may have read anew and add to: who administers what their scope names."""
    granted, above = reach(actor, Verb.ADMINISTER), {one.scope for one in rows}
    scopes = _scopes_of(above)
    return {one.pk for one in rows if within(granted, scopes[one.scope])}


def refresh(actor: Actor, source: Source) -> None:
    """Have the source read soon."""
    demand(actor, Verb.ADMINISTER, _scopes_of({source.scope})[source.scope], f"the source {source}")
    sources.ask(actor, source)


def upload(actor: Actor, source: Source, path: str, content: bytes) -> Document:
    """Put one file into a source of uploads. Found by its words at once, by what it means within moments."""
    demand(actor, Verb.ADMINISTER, _scopes_of({source.scope})[source.scope], f"the source {source}")
    with transaction.atomic():
        document = uploads.put(actor, source, path, content)
        queue.enqueue("agents.refresh_source", source.pk)
    return document


def places(scopes: Iterable[str]) -> dict[str, str]:
    """The names of what these scopes name, for who may see them; of everyone's, nothing."""
    numbers = {
        kind: [int(scope.split("/")[1]) for scope in scopes if scope.startswith(kind)] for kind in ("application", "environment")
    }
    found = {f"application/{one.pk}": one.name for one in Application.objects.filter(pk__in=numbers["application"])}
    here = Environment.objects.filter(pk__in=numbers["environment"]).select_related("application")
    return found | {f"environment/{one.pk}": str(one) for one in here}


def _scopes_of(scopes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each scope the scopes in which one may administer it: an environment's also in its application's."""
    wanted = list(scopes)
    numbers = [int(scope.split("/")[1]) for scope in wanted if scope.startswith("environment/")]
    above = {
        f"environment/{pk}": f"application/{over}"
        for pk, over in Environment.objects.filter(pk__in=numbers).values_list("pk", "application")
    }
    return {scope: (scope, above[scope]) if scope in above else (scope,) for scope in wanted}


def _count(rows: QuerySet[Document] | QuerySet[Passage] | QuerySet[Skipped], key: str) -> Coalesce:
    grouped = rows.order_by().values(key).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), 0)
