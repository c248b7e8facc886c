"""The knowledge base's pages: a question and what answers it, quoted and never rendered; documents by line; sources."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from controlplane.core.models import AuditEntry, OutboxMessage, RoleBinding
from controlplane.core.permissions import Role
from controlplane.core.plain import storable
from controlplane.dashboard.drawing import quoted
from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Document, Feedback, Passage, Source
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from tests.naughty.strings import MARKUP, share

pytestmark = pytest.mark.django_db
FOREIGN = {"script", "img", "iframe", "base", "style", "object", "embed"}
OURS = ("/", "?", "#")


class Active(HTMLParser):
    """Elements that do something, and attributes that would."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Whatever is not ours."""
        for name, value in attrs:
            leads = name in {"href", "action", "src", "hx-get", "hx-post", "ws-connect"}
            if name.startswith(("on", "hx-on", "srcdoc", "autofocus")) or (leads and not (value or "").startswith(OURS)):
                self.found.append(f"{tag} {name}={value}")
            if (leads and "evil" in (value or "")) or name in {"ws-send", "data-choose"}:
                self.found.append(f"{tag} {name}={value}")
        if tag in FOREIGN:
            self.found.append(tag)


def asked(question: str, **rest: str) -> str:
    return f"{reverse('knowledge')}?{urlencode({'q': question, **rest})}"


def test_a_question_finds_passages_with_source_lines_age_and_why(as_: SignIn) -> None:
    page = " ".join(as_("ada").get(asked("exit code 137 OOMKilled")).content.decode().split())
    for words in ("Out of memory", "lines 5 to 16", "revision", "written", "<mark>137</mark>", "The same is said in"):
        assert words in page
    assert "<code>OOMKilled</code>" in page.partition("Why:")[2]
    assert "not read for long" in page  # the wiki, nine days late
    document = Document.objects.get(source__name="runbooks", path="memory.md")
    assert f"/knowledge/documents/{document.pk}/?lines=5-16#L5" in page


def test_filters_choose_and_nonsense_filters_nothing(as_: SignIn) -> None:
    ada = as_("ada")
    assert "Sin memoria" not in ada.get(asked("exit code 137", language="en")).content.decode()
    assert "Out of memory" not in ada.get(asked("exit code 137", language="es")).content.decode()
    assert "Sin memoria" in ada.get(asked("exit code 137", language="xx")).content.decode()
    assert "Nothing was found" in ada.get(asked("exit code 137", source="nowhere")).content.decode()


def test_without_a_question_it_says_what_is_known_and_how_to_ask(as_: SignIn) -> None:
    assert "documents are known" in as_("ada").get(reverse("knowledge")).content.decode()
    assert "Here will be your documentation" in as_("mallory").get(reverse("knowledge")).content.decode()


def test_what_may_be_found_follows_from_rights(scene: Scene, as_: SignIn) -> None:
    """Carol operates newsletter/local: everyone's sources are hers, no other application's."""
    carol, notes, wiki = as_("carol"), *(Source.objects.get(name=name) for name in ("storefront-notes", "billing-wiki"))
    assert "storefront-notes" not in carol.get(asked("discounts")).content.decode()
    assert "billing-wiki" not in carol.get(reverse("knowledge-sources")).content.decode()
    for source in (notes, wiki):
        assert carol.get(reverse("knowledge-source", args=[source.pk])).status_code == 404
        for document in source.documents.all():
            assert carol.get(reverse("knowledge-document", args=[document.pk])).status_code == 404
    assert carol.get(reverse("knowledge-source", args=[Source.objects.get(name="runbooks").pk])).status_code == 200
    billing = scene.environments["billing/production"]
    RoleBinding.objects.create(user=scene.people["carol"], role=Role.VIEWER, scope=f"application/{billing.application_id}")
    assert (
        carol.get(reverse("knowledge-source", args=[wiki.pk])).status_code == 200
    )  # an environment's, seen through its application
    assert "rates.md" in carol.get(asked("rates from the bank")).content.decode()


def test_a_document_is_shown_by_line_those_asked_for_marked(as_: SignIn) -> None:
    document = Document.objects.get(source__name="runbooks", path="memory.md")
    page = as_("ada").get(reverse("knowledge-document", args=[document.pk]) + "?lines=5-7").content.decode()
    assert re.findall(r'id="L(\d+)" class="asked"', page) == ["5", "6", "7"]
    assert "&lt;b&gt;a cache" in page


def test_a_long_document_is_shown_in_stretches(as_: SignIn) -> None:
    source = Source.objects.get(name="runbooks")
    ingest.take(source, File("long.txt", "\n".join(f"line {number}" for number in range(1, 3_001))))
    address = reverse("knowledge-document", args=[Document.objects.get(path="long.txt").pk])
    ada = as_("ada")
    assert re.findall(r'id="L(\d+)"', ada.get(f"{address}?lines=2500").content.decode())[::999] == ["2001", "3000"]
    assert "?begin=1001" in ada.get(address).content.decode()
    for odd in ("lines=0", "lines=9999999", "lines=7-3", "begin=99999", "begin=x"):
        assert ada.get(f"{address}?{odd}").status_code == 200


def test_saying_whether_it_helped_is_kept_once_and_shown(as_: SignIn) -> None:
    bob, passage = as_("bob"), Passage.objects.filter(document__source__name="runbooks").latest("pk")
    address = reverse("knowledge-tell", args=[passage.pk])
    answer = bob.post(address, {"q": "exit code 137", "helped": "yes", "language": "es"})
    assert (answer.status_code, answer["Location"]) == (303, f"/knowledge/?q=exit+code+137&language=es#passage-{passage.pk}")
    fragment = bob.post(address, {"q": "exit code 137", "helped": "no"}, headers={"HX-Request": "true"}).content.decode()
    assert fragment.count('aria-pressed="true"') == 1
    assert [(told.given_by, told.helped) for told in Feedback.objects.all()] == [("bob", False)]
    assert 'aria-pressed="true"' in bob.get(asked("exit code 137")).content.decode()
    assert 'aria-pressed="true"' not in as_("ada").get(asked("exit code 137")).content.decode()
    assert bob.post(address, {"q": " ", "helped": "no"}).status_code == 400


def test_sources_tell_how_they_stand_and_are_read_by_who_administers_them(as_: SignIn) -> None:
    runbooks = Source.objects.get(name="runbooks")
    page = as_("ada").get(reverse("knowledge-sources")).content.decode()
    for words in ("could not be read", "did not answer in 300 seconds", "up to date", "not read yet", "billing/production"):
        assert words in page
    assert "It is not written in UTF-8." in as_("ada").get(reverse("knowledge-source", args=[runbooks.pk])).content.decode()
    address = reverse("knowledge-refresh", args=[runbooks.pk])
    assert address not in as_("bob").get(reverse("knowledge-sources")).content.decode()
    assert as_("bob").post(address).status_code == 403
    assert as_("ada").post(address)["Location"] == reverse("knowledge-sources")
    assert OutboxMessage.objects.filter(name="agents.refresh_source", arguments=[runbooks.pk]).exists()
    assert AuditEntry.objects.filter(action="source.ask", target_id=str(runbooks.pk)).exists()
    assert "being read" in as_("ada").get(reverse("knowledge-sources")).content.decode()


def test_no_text_of_others_becomes_a_part_of_the_page(as_: SignIn) -> None:
    source = Source.objects.get(name="runbooks")
    texts = [storable(text) for text in (*MARKUP, *share(0, 60))]
    files = [File(f"{n}.md", f"# {text[:200]}\n\nnaughtyword {text}\n\n```\n{text}\n```\n") for n, text in enumerate(texts)]
    for file in files:
        ingest.take(source, file)
    ada = as_("ada")
    pages = [ada.get(asked(question)).content.decode() for question in ("naughtyword", *texts)]
    for document in Document.objects.filter(source=source):
        pages.append(ada.get(reverse("knowledge-document", args=[document.pk])).content.decode())
    active = Active()
    for page in pages:
        active.feed(page.partition('<main class="main"')[2].partition("</main>")[0])
    assert active.found == []


def test_marks_stand_where_the_words_stand() -> None:
    text = "The <b>cache</b> grows.\n\n```sh\nrm <cache>\n```\nSo `cache` is `empty`."
    spans = [found.span() for found in re.finditer("cache", text)]
    prose, code, last = quoted.blocks(text, spans)
    assert prose.html == "The &lt;b&gt;<mark>cache</mark>&lt;/b&gt; grows."
    assert (code.code, code.html) == (True, "rm &lt;<mark>cache</mark>&gt;")
    assert last.html == "So <code><mark>cache</mark></code> is <code>empty</code>."
