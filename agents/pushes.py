"""A push that somebody proved: the sources of the knowledge base that read this repository are due at once."""

from __future__ import annotations

from controlplane.core import queue
from controlplane.core.actors import Actor
from knowledge import sources
from knowledge.models import Source
from knowledge.repositories import place_of
from workloads.hooks.news import News

PUSHED = ("push", "tag")
TASK = "agents.refresh_sources"


def tell(actor: Actor, news: News) -> list[str]:
    """Have those sources be read anew, by one command; return their names. Belongs into the transaction of the delivery."""
    places = {place_of(address) for address in news.addresses} - {""}
    if news.event not in PUSHED or not places:
        return []
    reading = [source for source in Source.objects.filter(kind=Source.Kind.GIT, enabled=True) if _reads(source, places, news)]
    for source in reading:
        sources.ask(actor, source, f"{news.ref} was pushed.")
    if reading:
        queue.enqueue(TASK)
    return [source.name for source in reading]


def _reads(source: Source, places: set[str], news: News) -> bool:
    """Whether the source reads this repository, and the ref that was pushed as far as its own tells."""
    if place_of(source.location) not in places:
        return False
    head = "refs/tags/" if news.tag else "refs/heads/"
    return source.ref in ("", "HEAD", news.ref, f"{head}{news.ref}")
