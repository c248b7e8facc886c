"""A refresh is one source's by one worker at a time, audited, and taken up again when it ended badly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, OutsideError
from controlplane.core.models import AuditEntry
from knowledge import sources
from knowledge.ingest import File
from knowledge.models import Source
from knowledge.sources import Brought
from tests.knowledge.conftest import Fill

ACTOR = Actor.system("test")


@pytest.mark.django_db(transaction=True)
def test_a_refresh_is_audited_without_a_transaction_around_it() -> None:
    source = Source.objects.create(name="one", kind=Source.Kind.UPLOAD)
    sources.refresh(ACTOR, source.pk, lambda _: Brought([File("a.md", "# A\n\nText.\n")], "abc"))
    source.refresh_from_db()
    assert (source.status, source.revision, source.claimed_until) == ("idle", "abc", None)
    entry = AuditEntry.objects.get(action="source.refresh")
    assert entry.after == {"read": 1, "changed": 1, "removed": 0, "skipped": 0, "revision": "abc"}


def test_nobody_refreshes_what_somebody_refreshes(source: Source) -> None:
    def read(_: Source) -> Brought:
        with pytest.raises(Conflict):
            sources.refresh(ACTOR, source.pk, read)
        return Brought([])

    sources.refresh(ACTOR, source.pk, read)


def test_what_its_reader_raises_is_its_problem_until_it_goes_well(source: Source) -> None:
    def away(_: Source) -> Brought:
        raise OutsideError("The repository is away.")

    with pytest.raises(OutsideError):
        sources.refresh(ACTOR, source.pk, away)
    source.refresh_from_db()
    assert (source.status, source.problem) == ("failed", "The repository is away.")
    sources.refresh(ACTOR, source.pk, lambda _: Brought([]))
    source.refresh_from_db()
    assert (source.status, source.problem) == ("idle", "")


def test_what_a_dead_worker_left_is_due_when_its_lease_is_over(source: Source) -> None:
    now = timezone.now()
    Source.objects.filter(pk=source.pk).update(status="refreshing", refreshed_at=now, claimed_until=now + sources.LEASE)
    assert source not in sources.due(now)
    assert source in sources.due(now + sources.LEASE + timedelta(seconds=1))


def test_a_source_that_moves_to_another_scope_is_found_there_only(source: Source, fill: Fill) -> None:
    fill(source)
    assert set(source.documents.values_list("passages__scope", flat=True)) == {"*"}
    Source.objects.filter(pk=source.pk).update(scope="application/4")
    source.refresh_from_db()
    assert fill(source).changed == 0
    assert set(source.documents.values_list("passages__scope", flat=True)) == {"application/4"}
