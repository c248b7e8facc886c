"""A proved push has the knowledge base read the repository anew: those sources, once, and no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, OutboxMessage
from knowledge import sources
from knowledge.ingest import Refreshed
from knowledge.models import Source
from knowledge.sources import Brought
from tests.agents.test_reactions import deliver, handled, source_of
from tests.workloads.hooks import payloads

pytestmark = pytest.mark.django_db
TASK = "agents.refresh_sources"


def git(name: str, location: str, ref: str = "HEAD", **more: Any) -> Source:
    """A source that was read a moment ago."""
    values = {"kind": Source.Kind.GIT, "location": location, "ref": ref, "refreshed_at": timezone.now(), **more}
    return Source.objects.create(name=name, **values)


def due() -> set[str]:
    return set(sources.due(timezone.now()).exclude(name="timonel").values_list("name", flat=True))


def test_a_push_makes_the_sources_of_its_repository_due_by_one_command() -> None:
    git("https", "https://github.example/harbour/shop.git", "main")
    git("ssh", "git@github.example:harbour/shop")
    git("of-another", "https://github.example/harbour/other.git")
    git("of-another-host", "https://other.example/harbour/shop.git")
    git("of-another-branch", "https://github.example/harbour/shop", "stable")
    git("off", "https://github.example/harbour/shop", enabled=False)
    Source.objects.create(name="folder", kind="folder", location="https://github.example/harbour/shop", refreshed_at=timezone.now())
    delivery = handled(deliver(source_of(None), payloads.github_push()))
    assert due() == {"https", "ssh"}
    assert OutboxMessage.objects.filter(name=TASK).count() == 1
    assert delivery.status == "handled"
    assert delivery.outcome[-1]["said"] == "The knowledge base reads it anew: https, ssh."
    assert AuditEntry.objects.filter(action="source.ask").count() == 2


def test_gitlabs_addresses_count_with_their_ports() -> None:
    git("https", "https://gitlab.example/harbour/shop.git")
    git("ssh", "ssh://git@gitlab.example:2222/harbour/shop.git")
    git("usual-port", "git@elsewhere.example:harbour/shop.git")
    handled(deliver(source_of(None, "gitlab"), payloads.gitlab_push()))
    assert due() == {"https", "ssh"}


def test_a_repository_that_the_webhook_does_not_speak_for_makes_nothing_due() -> None:
    git("mallory", "https://github.example/mallory/shop.git")
    document = payloads.github_push(repository=payloads.github_repository(1, "mallory/shop"))
    handled(deliver(source_of(None, repository="harbour/shop"), document))
    assert due() == set()
    assert not OutboxMessage.objects.filter(name=TASK).exists()


def test_handled_twice_it_is_asked_for_once() -> None:
    git("https", "https://github.example/harbour/shop.git")
    handled(handled(deliver(source_of(None), payloads.github_push())))
    assert OutboxMessage.objects.filter(name=TASK).count() == 1


def test_a_pull_request_makes_nothing_due() -> None:
    git("https", "https://github.example/harbour/shop.git")
    handled(deliver(source_of(None), payloads.github_pull_request("opened"), "pull_request"))
    assert due() == set()


def test_a_push_during_a_refresh_is_not_lost() -> None:
    source = git("https", "https://github.example/harbour/shop.git")

    def read(_: Source) -> Brought:
        handled(deliver(source_of(None), payloads.github_push()))
        assert due() == set()  # it is being read
        return Brought([])

    _refresh(source, read)
    assert due() == {"https"}
    _refresh(source, lambda _: Brought([]))
    assert due() == set()


def test_what_failed_is_due_again_soon_and_not_at_once() -> None:
    source = git("https", "https://github.example/harbour/shop.git")
    Source.objects.filter(pk=source.pk).update(status="failed", claimed_until=timezone.now() + sources.RETRY_AFTER)
    assert due() == set()
    later = timezone.now() + sources.RETRY_AFTER + timedelta(seconds=1)
    assert "https" in sources.due(later).values_list("name", flat=True)


def _refresh(source: Source, read: Any) -> Refreshed:
    return sources.refresh(Actor.system("test"), source.pk, read)
