"""A model is changed while searches go on: every search is answered, by one model, and nothing is embedded twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, OutsideError
from controlplane.core.models import AuditEntry, OutboxMessage
from knowledge import indexing, ingest
from knowledge.embeddings import changing, index
from knowledge.embeddings.changing import Wanted
from knowledge.ingest import File
from knowledge.models import EmbeddingModel, Passage, Source, Vector
from knowledge.retrieval import Scope, search
from tests.agents.model_server import ModelServer, Mood
from tests.knowledge.embedding_server import KEY, embedding_server, embeds, texts_of

ACTOR = Actor.system("test")
OLD, NEW = 8, 12
Status = EmbeddingModel.Status


@pytest.fixture
def servers() -> Iterator[tuple[ModelServer, ModelServer]]:
    with embedding_server(OLD) as old, embedding_server(NEW) as new:
        yield old, new


@pytest.fixture
def old(transactional_db: None, servers: tuple[ModelServer, ModelServer]) -> Iterator[EmbeddingModel]:
    """The model that answers, in place of the one on this machine; and five documents."""
    EmbeddingModel.objects.all().delete()
    model = EmbeddingModel.objects.create(name="old", dimension=OLD, status=Status.ACTIVE, **_at(servers[0]))
    index.make(model)
    write("first", 5)
    yield model
    with connection.cursor() as cursor:
        for name in indexes():
            cursor.execute(f"DROP INDEX {name}")


def _at(server: ModelServer) -> dict[str, object]:
    return {"kind": "endpoint", "address": server.address, "private": True}


def write(name: str, count: int) -> Source:
    source = Source.objects.create(name=name, kind=Source.Kind.UPLOAD)
    ingest.refresh(
        source, [File(f"{number}.md", f"# {name} {number}\n\nAbout {name} number {number}.\n") for number in range(count)]
    )
    return source


def wanted(server: ModelServer, dimension: int = NEW) -> Wanted:
    return Wanted("new", "endpoint", dimension, server.address, KEY, private=True)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'knowledge_vector' AND indexname LIKE 'vector_of_model%'"
        )
        return {name for (name,) in cursor.fetchall()} - {"vector_of_model_1"}  # which the migrations made


def test_the_new_model_learns_every_passage_and_then_takes_over(
    old: EmbeddingModel, servers: tuple[ModelServer, ModelServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "AT_ONCE", 2)
    model = changing.add(ACTOR, wanted(servers[1]))
    assert OutboxMessage.objects.filter(name=changing.TASK, arguments=[model.pk]).exists()
    asked = len(servers[0].asked)
    assert [changing.build(ACTOR, model.pk) for _ in range(3)] == [True, True, False]
    old.refresh_from_db()
    model.refresh_from_db()
    assert (old.status, model.status, model.problem) == ("retired", "active", "")
    assert Vector.objects.filter(model=model).count() == Passage.objects.count() == 5
    assert indexes() == {index.name_of(old), index.name_of(model)}
    assert len(servers[0].asked) == asked
    assert len(texts_of(servers[1])) == 5 + 1  # and the word that it was tried with
    assert search("about first number 3", Scope(), 3, "vectors")[0].path == "3.md"
    assert {"embedding_model.add", "embedding_model.activate"} <= set(AuditEntry.objects.values_list("action", flat=True))
    assert KEY not in str(list(AuditEntry.objects.values_list("after", flat=True)))


def test_while_it_is_built_new_documents_are_embedded_with_both(
    old: EmbeddingModel, servers: tuple[ModelServer, ModelServer]
) -> None:
    model = changing.add(ACTOR, wanted(servers[1]))
    write("second", 3)
    assert Vector.objects.filter(model=old).count() == 8
    assert Vector.objects.filter(model=model).count() == 3
    changing.build(ACTOR, model.pk)
    assert Vector.objects.filter(model=model).count() == 8
    texts = texts_of(servers[1])
    assert len(texts) == len(set(texts)) == 9


def test_while_the_new_one_is_away_documents_are_read_and_the_active_one_answers(
    old: EmbeddingModel, servers: tuple[ModelServer, ModelServer]
) -> None:
    model = changing.add(ACTOR, wanted(servers[1]))
    servers[1].answering = lambda _: Mood("status", status=401)
    write("second", 3)
    assert not changing.build(ACTOR, model.pk)
    model.refresh_from_db()
    assert (model.status, model.problem) == ("building", "new answered 401. Give its key anew.")
    assert search("about second number 2", Scope(), 1, "vectors")[0].source == "second"
    assert not changing.waiting().exists()
    EmbeddingModel.objects.filter(pk=model.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    servers[1].answering = lambda asked: embeds(asked, NEW)
    assert [one.pk for one in changing.waiting()] == [model.pk]
    changing.build(ACTOR, model.pk)
    model.refresh_from_db()
    assert (model.status, model.problem) == ("active", "")


def test_killed_in_the_middle_it_goes_on_and_embeds_nothing_twice(
    old: EmbeddingModel, servers: tuple[ModelServer, ModelServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Death is an exception that nothing here catches: no line after it runs."""
    monkeypatch.setattr(indexing, "BATCH", 2)
    model = changing.add(ACTOR, wanted(servers[1]))
    with pytest.raises(SystemExit):
        _build_killed(model)
    assert Vector.objects.filter(model=model).count() == 2
    assert not changing.build(ACTOR, model.pk)  # the lease of the dead is not over
    EmbeddingModel.objects.filter(pk=model.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    changing.build(ACTOR, model.pk)
    model.refresh_from_db()
    assert model.status == "active"
    texts = texts_of(servers[1])
    assert len(texts) == len(set(texts)) == 6


def _build_killed(model: EmbeddingModel) -> None:
    """Builds, and dies at the second batch."""
    batches = iter([None])
    real = changing._hold

    def hold(model: EmbeddingModel) -> None:
        real(model)
        if next(batches, "over") == "over":
            raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changing, "_hold", hold)
        changing.build(ACTOR, model.pk)


def test_searches_are_answered_all_the_time_by_one_model_each(
    old: EmbeddingModel, servers: tuple[ModelServer, ModelServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "AT_ONCE", 1)
    write("many", 20)
    model = changing.add(ACTOR, wanted(servers[1]))
    over, found, broken = threading.Event(), list[int](), list[str]()

    def ask() -> None:
        try:
            while not over.is_set():
                rows = search("about many number 7", Scope(), 5, "vectors")
                found.append(len(rows))
                if rows[0].path != "7.md" or any(row.similarity is None for row in rows):
                    broken.append(str(rows))
        finally:
            connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    while changing.build(ACTOR, model.pk):
        pass
    many = len(found)
    while len(found) < many + 5 and asking.is_alive():
        pass
    over.set()
    asking.join(20)
    assert set(found) == {5}
    assert not broken
    questions = [sum("about many number 7" in asked.body["input"] for asked in server.asked) for server in servers]
    assert sum(questions) == len(found)  # each asked one of them, and one only
    assert min(questions) > 0


def test_what_is_retired_is_dropped_after_a_day(old: EmbeddingModel, servers: tuple[ModelServer, ModelServer]) -> None:
    model = changing.add(ACTOR, wanted(servers[1]))
    changing.build(ACTOR, model.pk)
    assert changing.retire_old(ACTOR) == 0
    EmbeddingModel.objects.filter(pk=old.pk).update(retired_at=timezone.now() - timedelta(hours=25))
    assert changing.retire_old(ACTOR) == 1
    assert list(EmbeddingModel.objects.values_list("name", flat=True)) == ["new"]
    assert set(Vector.objects.values_list("model_id", flat=True)) == {model.pk}
    assert indexes() == {index.name_of(model)}
    assert AuditEntry.objects.filter(action="embedding_model.drop", target_label="old").exists()


def test_a_model_dropped_while_it_is_built_stays_dropped(old: EmbeddingModel, servers: tuple[ModelServer, ModelServer]) -> None:
    model = changing.add(ACTOR, wanted(servers[1]))

    def drop_first(asked: object) -> Mood:
        changing.drop(ACTOR, EmbeddingModel.objects.get(pk=model.pk))
        connection.close()
        return embeds(asked, NEW)  # type: ignore[arg-type]

    servers[1].answering = drop_first
    assert not changing.build(ACTOR, model.pk)
    assert list(EmbeddingModel.objects.values_list("name", "status")) == [("old", "active")]
    assert indexes() == {index.name_of(old)}
    assert set(Vector.objects.values_list("model_id", flat=True)) == {old.pk}


def test_an_index_that_was_left_unfinished_is_made_anew(old: EmbeddingModel) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)", [index.name_of(old)])
    index.make(old)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [index.name_of(old)])
        assert cursor.fetchone() == (True,)


def test_what_cannot_work_does_not_begin(old: EmbeddingModel, servers: tuple[ModelServer, ModelServer]) -> None:
    with pytest.raises(OutsideError, match="12 dimensions, and 13 were expected"):
        changing.add(ACTOR, wanted(servers[1], 13))
    with pytest.raises(Invalid):
        changing.add(ACTOR, Wanted("local address", "endpoint", NEW, servers[1].address))
    with pytest.raises(Invalid, match="1 to 2000"):
        changing.add(ACTOR, wanted(servers[1], 3_072))
    assert EmbeddingModel.objects.count() == 1
    changing.add(ACTOR, wanted(servers[1]))
    with pytest.raises(Conflict, match="being built"):
        changing.add(ACTOR, Wanted("third", "endpoint", NEW, servers[1].address, private=True))
    with pytest.raises(Conflict, match="answers the searches"):
        changing.drop(ACTOR, old)


def test_the_command_adds_lists_and_drops(old: EmbeddingModel, servers: tuple[ModelServer, ModelServer], tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    given = ["--dimension", "12", "--address", servers[1].address, "--key-file", str(key), "--private"]
    call_command("embedding_model", "add", "new", *given, stdout=StringIO())
    assert EmbeddingModel.objects.get(name="new").key == KEY
    out = StringIO()
    call_command("embedding_model", "list", stdout=out)
    assert out.getvalue().splitlines() == [
        "old: active, An OpenAI-compatible endpoint, 8 dimensions, knows 5 of 5 passages",
        "new: building, An OpenAI-compatible endpoint, 12 dimensions, knows 0 of 5 passages",
    ]
    call_command("embedding_model", "drop", "new", stdout=StringIO())
    for wrong in (["drop", "new"], ["drop", "old"], ["add", "new", "--dimension", "12", "--key-file", "/nowhere"]):
        with pytest.raises(CommandError):
            call_command("embedding_model", *wrong, stdout=StringIO())
    assert list(EmbeddingModel.objects.values_list("name", flat=True)) == ["old"]
