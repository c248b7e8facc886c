"""Asking for a refresh, uploads, feedback, and marks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.models import User
from knowledge import ages, feedback, ingest, sources, uploads
from knowledge.ingest import File
from knowledge.models import Document, Feedback, Passage, Source
from knowledge.retrieval import Scope, marks, search
from knowledge.sources import Brought

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
Kind = Source.Kind


@pytest.fixture
def notes() -> Source:
    return Source.objects.create(name="notes", kind=Kind.UPLOAD)


def test_who_asks_is_heard_even_if_the_message_is_lost(notes: Source) -> None:
    Source.objects.filter(pk=notes.pk).update(refreshed_at=timezone.now())
    assert notes not in sources.due(timezone.now())
    sources.ask(SYSTEM, notes)
    assert notes in sources.due(timezone.now())
    assert Source.objects.get(pk=notes.pk).status == "refreshing"


def test_who_asks_while_it_is_being_read_is_heard_afterwards(notes: Source) -> None:
    def read(_: Source) -> Brought:
        sources.ask(SYSTEM, notes)
        return Brought(())

    sources.refresh(SYSTEM, notes.pk, read)
    assert notes in sources.due(timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_refresh_is_recorded_outside_of_any_other_transaction(notes: Source) -> None:
    done = sources.refresh(SYSTEM, notes.pk, lambda _: Brought([File("a.md", "# A\n\nText.\n")]))
    assert (done.changed, Source.objects.get(pk=notes.pk).status) == (1, "idle")


def test_a_refresh_of_uploads_loses_none_that_comes_in_meanwhile(notes: Source) -> None:
    uploads.put(SYSTEM, notes, "a.md", b"# A\n\nKubeNodeNotReady.\n")
    assert notes in sources.due(timezone.now())
    done = sources.refresh(SYSTEM, notes.pk, lambda _: Brought((), whole=False))
    assert (done.removed, done.embedded, Document.objects.count()) == (0, 1, 1)
    assert [found.path for found in search("KubeNodeNotReady", Scope())] == ["a.md"]


def test_a_passage_gets_the_scope_that_its_source_has_now(notes: Source) -> None:
    """The reader began before the scope was narrowed."""
    Source.objects.filter(pk=notes.pk).update(scope="environment/7")
    ingest.take(notes, File("a.md", "# A\n\nText.\n"))
    assert Passage.objects.get().scope == "environment/7"


def test_a_source_is_stale_after_twice_its_interval() -> None:
    def read(kind: str, before: timedelta | None) -> Source:
        at = None if before is None else timezone.now() - before
        return Source(kind=kind, refresh_every=timedelta(hours=1), refreshed_at=at)

    hour = timedelta(hours=1)
    assert [ages.stale(read(Kind.GIT, age)) for age in (hour, 1.9 * hour, 2.1 * hour, None)] == [False, False, True, True]
    assert not ages.stale(read(Kind.UPLOAD, 1000 * hour))


def test_the_last_word_of_a_person_counts_and_outlives_the_passage(notes: Source) -> None:
    ingest.take(notes, File("a.md", "# A\n\nText.\n"))
    passage, bob = Passage.objects.get(), Actor.person(User.objects.create_user("bob"))
    for helped in (True, False):
        feedback.give(bob, f" {'é' * 2_000}", passage, helped=helped)
    assert feedback.given(bob, "é" * 2_000, [passage.pk]) == {passage.pk: False}
    Document.objects.all().delete()
    told = Feedback.objects.get()
    assert (told.document, told.helped, told.passage) == ("notes: a.md", False, None)


def test_marks_are_of_words_as_the_database_stems_them() -> None:
    text = "Memories of KubePodCrashLooping: la memoria, exit-code 137."
    (spans,) = marks.of([text], [["memori", "pod", "exit-code", "137"]])
    assert [text[begin:end] for begin, end in spans] == ["Memories", "Pod", "memoria", "exit-code", "137"]


def test_a_worker_that_stops_leaves_the_source_to_another(notes: Source) -> None:
    with pytest.raises(sources.Interrupted):
        sources.refresh(SYSTEM, notes.pk, lambda _: Brought([File("a.md", "# A")]), stopping=lambda: True)
    assert notes in sources.due(timezone.now())
    assert Source.objects.get(pk=notes.pk).problem == ""
