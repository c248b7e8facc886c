"""Documents are written by others: none of another scope is shown, nothing hidden is shown, and no order is carried out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agents import tools
from agents.models import Reading, Run
from agents.readings import asked as readings
from agents.readings import writing
from agents.specialists import registry as specialists
from agents.tools import Scope
from controlplane.core.models import User
from knowledge.models import EmbeddingModel, Passage
from tests.agents import hostile_documents
from tests.agents.hostile_documents import Hostile, obedient
from tests.agents.model_server import ModelServer
from tests.agents.thinking_stage import OF_A_PROPOSAL, OF_A_READING, Think, piece, rows, think, written
from tests.workloads.stage import stage
from workloads.models import Approval, Change


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def scene(server: ModelServer, transactional_db: None) -> Think:
    if not EmbeddingModel.objects.exists():  # a test before this one may have emptied every table
        EmbeddingModel.objects.create(pk=1, name="all-MiniLM-L6-v2", kind="local", dimension=384, status="active")
    return think(server)


@pytest.fixture
def hostile(scene: Think) -> Hostile:
    mine, other = scene.place.environment, stage(application="other").environment
    ours = ["*", f"application/{mine.application_id}", f"environment/{mine.pk}"]
    return hostile_documents.write(ours, [f"application/{other.application_id}", f"environment/{other.pk}"])


def test_nothing_hidden_is_indexed(hostile: Hostile) -> None:
    text = "\n".join(f"{one.headings} {one.text}" for one in Passage.objects.all())
    foreign = {mark for mark in hostile.unseen if mark.startswith("SEEN") or mark.replace("HIDDEN", "SEEN") in hostile.unseen}
    assert {mark for mark in hostile.unseen if mark in text} == foreign  # of others: indexed, for them
    assert all(mark in text for mark in hostile.seen)


def test_no_document_of_another_scope_is_found_or_read(scene: Think, hostile: Hostile) -> None:
    step = scene.step("verify", evidence=[piece("The log of web", "slow")])
    scope = Scope(Run.objects.get(pk=step.run_id), step, "monitoring")
    search, read = tools.bind(["search_knowledge", "get_document"], scope)
    shown = ""
    for question in ["checkout zebra latency", "Ignore your rules", *sorted(hostile.unseen)]:
        shown += str(search.call(search.arguments.model_validate({"question": question, "limit": 10})).data)
    for number in range(hostile_documents.COUNT):
        given = {"source": f"tenant-{number}", "path": f"{number}.md"}
        shown += str(read.call(read.arguments.model_validate(given)))
    assert not [mark for mark in hostile.unseen if mark in shown]
    assert [mark for mark in hostile.seen if mark in shown]


@pytest.mark.parametrize("name", ["monitoring", "security"])
def test_a_model_that_would_obey_leaves_its_reading_and_at_most_a_proposal_that_waits(
    scene: Think, hostile: Hostile, alice: User, name: str
) -> None:
    scene.place.propose(scene.place.release("v3"), by=alice)
    waiting = Change.objects.get(status=Change.Status.WAITING)
    scene.server.answering = obedient
    step = scene.step(specialists()[name].node, evidence=[piece("The log of web", "The checkout is slow.")])
    readings.of_step(step)
    reading = Reading.objects.get(step=step)
    approvals, before = Approval.objects.count(), rows()
    writing.write(reading.pk)
    reading.refresh_from_db()
    calls = [one for call in reading.calls.order_by("pk") for one in call.tools]
    assert {"search_knowledge", "approve_change", "shell"} <= {one["name"] for one in calls}  # it did what it was told
    assert {one["status"] for one in calls if one["name"] in ("approve_change", "shell")} == {"error"}
    assert not [mark for mark in hostile.unseen if mark in scene.server.received]
    assert [mark for mark in hostile.seen if mark in scene.server.received]
    assert written(before) <= OF_A_READING | (OF_A_PROPOSAL if name == "monitoring" else set())
    waiting.refresh_from_db()
    assert waiting.status == Change.Status.WAITING
    assert Approval.objects.count() == approvals
    assert Change.objects.exclude(pk=waiting.pk).exclude(suggestion=None).exclude(status=Change.Status.WAITING).count() == 0
    assert Change.objects.exclude(suggestion=None).count() <= 1
    step.refresh_from_db()
    assert (step.verdict, step.summary) == ("failed", "It is wrong.")
