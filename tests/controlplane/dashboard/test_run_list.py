"""The runs list: words in what runs said, and its other filters."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from agents import runs
from agents.models import Run
from controlplane.dashboard.drawing import marks
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene


def listed(as_: SignIn, person: str, address: str) -> str:
    answer = as_(person).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_run_is_found_by_what_it_said_and_the_line_is_shown_marked_and_linked(scene: Scene, as_: SignIn) -> None:
    run = scene.runs["stopped"]
    runs.tell(run.pk, "<script>shiping_cost</script> is not defined", node="testing", level="error")
    run.refresh_from_db()
    page = listed(as_, "alice", "/runs/?q=shiping")
    assert f'id="run-{run.pk}"' in page
    assert _numbers(page) == {run.pk}
    assert "&lt;script&gt;<mark>shiping</mark>_cost&lt;/script&gt;" in page
    assert f'href="/runs/{run.pk}/log/#L{run.last_event}"' in page


def test_words_in_a_run_that_may_not_be_seen_find_nothing(scene: Scene, as_: SignIn) -> None:
    runs.tell(scene.runs["stopped"].pk, "a quagga was seen")
    assert "No run fits" in listed(as_, "carol", "/runs/?q=quagga")
    assert "No run fits" in listed(as_, "mallory", "/runs/?q=quagga")


def test_a_search_without_a_word_says_how_to_mend_it_and_keeps_what_was_typed(scene: Scene, as_: SignIn) -> None:
    answer = as_("alice").get("/runs/", {"q": "--- <b>"[:4], "workflow": "deploy"})
    assert answer.status_code == 400
    assert "no word to look for" in answer.content.decode()
    assert '<option value="deploy" selected>' in answer.content.decode()


def test_runs_are_chosen_by_workflow_asker_and_time(scene: Scene, as_: SignIn) -> None:
    back, first = scene.runs["back"], scene.runs["first"]
    assert _numbers(listed(as_, "ada", "/runs/?workflow=rollback")) == {back.pk}
    assert back.pk in _numbers(listed(as_, "ada", "/runs/?by=bo"))
    assert first.pk not in _numbers(listed(as_, "ada", "/runs/?by=bo"))
    Run.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=40))
    Run.objects.exclude(pk=first.pk).update(created_at=timezone.now())
    assert first.pk in _numbers(listed(as_, "ada", "/runs/"))
    assert first.pk not in _numbers(listed(as_, "ada", "/runs/?since=month"))
    assert _numbers(listed(as_, "ada", "/runs/?workflow=nonsense&since=never&status=odd")) == _numbers(listed(as_, "ada", "/runs/"))


def test_a_long_line_is_cut_around_the_first_word() -> None:
    shown = marks.marked("x" * 5000 + " basket " + "y" * 5000, "bask")
    assert "<mark>bask</mark>et" in shown
    assert len(shown) < 300
    assert marks.marked("\x1b[31mno colour\x1b[0m & more", "colour") == "no <mark>colour</mark> &amp; more"


def _numbers(page: str) -> set[int]:
    return {int(part.split('"')[0]) for part in page.split('<tr id="run-')[1:]}
