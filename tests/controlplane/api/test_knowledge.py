"""The knowledge base over the API: found by rights, uploaded, read anew, told whether it helped."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from controlplane.core.models import AuditEntry, OutboxMessage, RoleBinding, User
from controlplane.core.permissions import Role
from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Document, Feedback, Passage, Source
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage

pytestmark = pytest.mark.django_db
RUNBOOK = "# Out of memory\n\nExit code 137 means `OOMKilled`: raise the limit.\n"
SEARCH, SOURCES, FEEDBACK = ("/api/v1/knowledge/" + name for name in ("search", "sources", "feedback"))
UPLOAD = f"{SOURCES}/notes/documents"


@pytest.fixture
def client(admin: User, client_of: Client) -> APIClient:
    return client_of(admin)


@pytest.fixture
def notes(production: Stage) -> Source:
    """Uploads that whoever may see the application finds."""
    scope = f"application/{production.environment.application_id}"
    source = Source.objects.create(name="notes", kind=Source.Kind.UPLOAD, scope=scope)
    ingest.refresh(source, [File("memory.md", RUNBOOK)])
    return source


@pytest.fixture
def carols(carol: User, elsewhere: Stage, client_of: Client) -> APIClient:
    """Somebody who sees another application only."""
    RoleBinding.objects.create(user=carol, role=Role.OPERATOR, scope=f"environment/{elsewhere.environment.pk}")
    return client_of(carol)


def upload(client: APIClient, path: str, content: bytes, address: str = UPLOAD) -> int:
    return int(client.post(f"{address}?path={path}", content, content_type="text/plain").status_code)


def test_a_passage_is_found_with_its_source_and_why(client: APIClient, notes: Source) -> None:
    answer = client.get(SEARCH, {"q": "exit code 137"}).json()
    (first, *_) = answer["results"]
    assert (answer["question"], first["source"], first["path"], first["first_line"]) == ("exit code 137", "notes", "memory.md", 3)
    assert "137" in first["matched"]
    assert (first["words_rank"], first["meaning_rank"], first["stale"]) == (1, 1, False)
    assert first["url"] == f"/knowledge/documents/{first['document']}/?lines=3-3#L3"
    assert client.get(f"/api/v1/knowledge/documents/{first['document']}").json()["text"] == RUNBOOK


def test_filters_choose_a_source_and_a_language(client: APIClient, notes: Source) -> None:
    assert client.get(SEARCH, {"q": "137", "source": "notes", "language": "en"}).json()["results"]
    for nowhere in ({"source": "other"}, {"language": "es"}):
        assert client.get(SEARCH, {"q": "137", **nowhere}).json()["results"] == []


@pytest.mark.parametrize("query", [{}, {"q": " "}, {"q": "x", "limit": 51}, {"q": "x", "odd": 1}, {"q": "x", "language": "fr"}])
def test_a_question_of_another_shape_is_refused(client: APIClient, query: dict[str, str]) -> None:
    assert client.get(SEARCH, query).status_code == 400


def test_what_is_out_of_scope_does_not_exist(carols: APIClient, notes: Source) -> None:
    document, passage = Document.objects.get(source=notes), Passage.objects.get(document__source=notes)
    assert carols.get(SEARCH, {"q": "exit code 137"}).json()["results"] == []
    assert [row["name"] for row in carols.get(SOURCES).json()["results"]] == ["timonel"]
    assert carols.get(f"/api/v1/knowledge/documents/{document.pk}").status_code == 404
    assert carols.post(f"{SOURCES}/{notes.pk}/refresh").status_code == 404
    assert upload(carols, "a.md", b"x") == 404
    told = {"question": "x", "passage": passage.pk, "helped": True}
    assert carols.post(FEEDBACK, told, format="json").status_code == 404


def test_a_source_is_read_soon_and_that_is_audited(client: APIClient, notes: Source) -> None:
    answer = client.post(f"{SOURCES}/{notes.pk}/refresh")
    assert (answer.status_code, answer.json()["status"]) == (202, "refreshing")
    assert list(OutboxMessage.objects.values_list("name", "arguments")) == [("agents.refresh_source", [notes.pk])]
    assert AuditEntry.objects.get(action="source.ask").actor_label.startswith("ada")


def test_an_uploaded_file_is_kept_replaced_and_audited(client: APIClient, notes: Source) -> None:
    assert upload(client, "disk/full.md", b"# Disk full\n\nENOSPC\n") == 201
    assert upload(client, "disk/full.md", b"# Disk full\n\nENOSPC again\n") == 201
    assert upload(client, "disk/full.md", b"# Disk full\n\nENOSPC again\n") == 201  # says nothing new
    assert Document.objects.get(path="disk/full.md").text.endswith("again\n")
    assert Document.objects.filter(source=notes).count() == 2
    assert AuditEntry.objects.filter(action="source.upload").count() == 2


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("../a.md", b"x", 400),
        ("/etc/a.md", b"x", 400),
        ("a.exe", b"x", 400),
        ("a.md", b"\xff\xfe", 400),
        ("a.md", b"a\0b", 400),
        ("a.md", b"x" * 2_000_001, 413),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(
    client: APIClient, notes: Source, path: str, content: bytes, status: int
) -> None:
    assert upload(client, path, content) == status
    assert Document.objects.filter(source=notes).count() == 1


def test_nothing_is_uploaded_into_what_is_read_from_elsewhere(client: APIClient, production: Stage) -> None:
    assert upload(client, "a.md", b"x", f"{SOURCES}/timonel/documents") == 409


def test_feedback_is_kept_once_a_person_question_and_passage(
    client: APIClient, bob: User, client_of: Client, notes: Source
) -> None:
    told = {"question": "exit code 137", "passage": Passage.objects.get(document__source=notes).pk, "helped": True}
    for who, helped in ((client, True), (client, False), (client_of(bob), True)):
        assert who.post(FEEDBACK, told | {"helped": helped}, format="json").status_code == 200
    assert set(Feedback.objects.values_list("given_by", "helped")) == {("ada", False), ("bob", True)}


def test_the_list_asks_the_database_as_often_for_many_sources_as_for_few(
    client: APIClient, notes: Source, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for number in range(20):
        Source.objects.create(name=f"more-{number}", kind="upload")
    with django_assert_max_num_queries(6):  # type: ignore[operator]  # a context manager
        assert len(client.get(SOURCES).json()["results"]) == 22
