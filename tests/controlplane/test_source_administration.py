"""Sources of documents in the admin: judged by their kind, scoped by name, read at once; what was read is only read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from controlplane.core.models import AuditEntry, OutboxMessage, User
from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Document, Feedback, Passage, Source
from tests.workloads.stage import stage
from workloads.models import Environment

pytestmark = pytest.mark.django_db
ADD, CHANGE = reverse("admin:knowledge_source_add"), "admin:knowledge_source_change"


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org", "correct horse battery staple"))
    return client


@pytest.fixture
def staging(db: None) -> Environment:
    return stage("staging", "staging").environment


def form_of(**values: Any) -> dict[str, Any]:
    return {"name": "runbooks", "kind": "upload", "location": "", "ref": "HEAD", "scope": "*", "enabled": "on", **values}


def errors(answer: Any) -> set[str]:
    return set(answer.context["adminform"].form.errors)


def test_a_new_source_is_audited_and_read_at_once(ada: Client, tmp_path: Path) -> None:
    values = form_of(kind="folder", location=str(tmp_path), include="docs/**/*.md\n\n *.rst ", refresh_every="01:00:00")
    assert ada.post(ADD, values).status_code == 302
    source = Source.objects.get(name="runbooks")
    assert (source.include, source.status) == (["docs/**/*.md", "*.rst"], "refreshing")
    assert OutboxMessage.objects.filter(name="agents.refresh_source", arguments=[source.pk]).count() == 1
    assert {"source.create", "source.ask"} <= set(AuditEntry.objects.values_list("action", flat=True))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "folder", "location": "docs"}, "location"),
        ({"kind": "folder", "location": "/no/such/folder"}, "location"),
        ({"kind": "folder", "location": ""}, "location"),
        ({"kind": "git", "location": "-u"}, "location"),
        ({"kind": "git", "location": "ext::sh"}, "location"),
        ({"kind": "git", "location": "https://git.example.org/a.git", "ref": "-x"}, "ref"),
        ({"kind": "web", "location": "http://169.254.169.254/latest"}, "location"),
        ({"kind": "web", "location": "https://docs.example.org/\nhttp://localhost/"}, "location"),
        ({"kind": "web", "location": ""}, "location"),
        ({"kind": "web", "location": "http://docs.example.org/", "key": "k"}, "key"),
        ({"kind": "git", "location": "https://git.example.org/a.git", "key": "k"}, "key"),
        ({"kind": "upload", "location": "/srv"}, "location"),
        ({"kind": "corpus"}, "kind"),
        ({"name": "Run Books"}, "name"),
        ({"refresh_every": "00:00:30"}, "refresh_every"),
        ({"scope": "environment/999999"}, "scope"),
    ],
)
def test_what_does_not_fit_the_kind_is_refused(ada: Client, values: dict[str, str], field: str) -> None:
    assert errors(ada.post(ADD, form_of(**values))) == {field}


def test_a_scope_is_chosen_by_name_and_narrows_what_was_read(ada: Client, staging: Environment) -> None:
    source = Source.objects.create(name="runbooks", kind="upload")
    ingest.refresh(source, [File("a.md", "# A\n\nText.\n")])
    page = ada.get(reverse(CHANGE, args=[source.pk])).content.decode()
    assert f'value="environment/{staging.pk}">{staging}' in page
    answer = ada.post(reverse(CHANGE, args=[source.pk]), form_of(scope=f"environment/{staging.pk}"))
    assert answer.status_code == 302
    assert set(Passage.objects.values_list("scope", flat=True)) == {f"environment/{staging.pk}"}
    assert Source.objects.get(pk=source.pk).refreshed_at is not None


def test_several_files_are_uploaded_and_a_bad_one_refuses_all(ada: Client) -> None:
    good = [SimpleUploadedFile(f"{name}.md", f"# {name}\n\nText.\n".encode()) for name in ("one", "two")]
    assert ada.post(ADD, form_of(upload=good)).status_code == 302
    assert sorted(Document.objects.values_list("path", flat=True)) == ["one.md", "two.md"]
    for bad in (
        SimpleUploadedFile("a.exe", b"x"),
        SimpleUploadedFile("a.md", b"\xff"),
        SimpleUploadedFile("a.md", b"x" * 2_000_001),
    ):
        more = [SimpleUploadedFile("three.md", b"# 3"), bad]
        assert errors(ada.post(ADD, form_of(name="other", upload=more))) == {"upload"}
    assert not Source.objects.filter(name="other").exists()


def test_a_key_goes_in_stays_when_left_empty_and_is_typed_again_for_other_pages(ada: Client) -> None:
    pages = {"kind": "web", "location": "https://docs.example.org/a"}
    assert ada.post(ADD, form_of(**pages, key="s3cret-key-of-pages")).status_code == 302
    source = Source.objects.get(name="runbooks")
    address = reverse(CHANGE, args=[source.pk])
    assert b"s3cret" not in ada.get(address).content
    assert ada.post(address, form_of(**pages, enabled="")).status_code == 302
    assert Source.objects.get(pk=source.pk).key == "s3cret-key-of-pages"
    assert errors(ada.post(address, form_of(location="https://elsewhere.example/"))) == {"key"}
    assert "s3cret" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_reading_now_by_the_button_is_asked_for_and_audited(ada: Client) -> None:
    source = Source.objects.create(name="runbooks", kind="upload")
    address = reverse("admin:knowledge_source_read", args=[source.pk])
    assert ada.get(address).status_code == 405
    assert b"It is being read." in ada.post(address, follow=True).content
    assert AuditEntry.objects.filter(action="source.ask").count() == 1


def test_skipped_files_are_shown_as_text_and_documents_are_only_read(ada: Client) -> None:
    source = Source.objects.create(name="runbooks", kind="upload")
    ingest.refresh(source, [File("<b>.md", skipped="It is <i>binary</i>."), File("a.md", "# A\n\nText.\n")])
    page = ada.get(reverse(CHANGE, args=[source.pk])).content.decode()
    assert "&lt;b&gt;.md</code>: It is &lt;i&gt;binary" in page
    document = Document.objects.get()
    assert ada.post(reverse("admin:knowledge_document_change", args=[document.pk]), {}).status_code == 403
    assert ada.post(reverse("admin:knowledge_source_delete", args=[source.pk]), {"post": "yes"}).status_code == 302
    assert not Document.objects.exists()


def test_feedback_is_saved_as_csv(ada: Client) -> None:
    Feedback.objects.create(question="=1+1", document="runbooks: a.md", helped=True, given_by="bob")
    answer = ada.get(reverse("knowledge-feedback"))
    assert "feedback-" in answer["Content-Disposition"]
    assert b"Save as CSV" in ada.get(reverse("admin:knowledge_feedback_changelist")).content
