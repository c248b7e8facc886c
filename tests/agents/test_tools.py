"""The tools that a model may call: they look, inside one run's scope, and what comes back is small and clean."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents import runs, tools
from agents.llm.question import ToolAnswer
from agents.models import Run, Step
from agents.specialists import registry as specialists
from agents.tools import Scope, Tool, registry
from agents.tools.tool import MOST_CHARACTERS, bounded
from controlplane.core.actors import Actor
from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Source
from tests.agents.thinking_stage import piece, rows, written
from tests.workloads.stage import Stage, stage
from tests.workloads.test_git import commit as committed
from tests.workloads.test_git import sh
from workloads import findings
from workloads.adapters import git
from workloads.evidence import Fact
from workloads.history import mirror_of
from workloads.host import place
from workloads.models import Environment, Instance, Sample

LOOKING = sorted(name for name, tool in registry().items() if not tool.proposes)
Call = Callable[..., ToolAnswer]


@pytest.fixture
def scene(db: None, tmp_path: Path, settings: Any) -> Stage:
    """An application with a source, a live release, a log, measurements and findings."""
    settings.DATA_DIR = tmp_path / "data"
    found = stage()
    origin = tmp_path / "origin"
    (origin / "site" / "shop").mkdir(parents=True)
    sh(origin, "git", "init", "-q", "-b", "trunk")
    files = {
        "site/shop/views.py": "\n".join(f"line {n}" for n in range(1, 400)) + "\nAPI_KEY = 'sk-live-4711471147114711'\n",
        "site/requirements.txt": "django==5.2\npillow==10.2\n",
        "outside.py": "line 1 of another application\n",
    }
    committed(origin, "first", **files)
    application = found.environment.application
    application.repository, application.folder = str(origin), "site"
    application.save()
    git.clone_or_fetch(str(origin), mirror_of(application), deadline=time.monotonic() + 60)
    found.live(found.release("v1"))
    found.environment.refresh_from_db()
    _running(found)
    written_down("everyone", "*", "oom.md", "# Out of memory\n\nExit code 137: raise the limit.\n")
    return found


def written_down(name: str, scope: str, path: str, text: str) -> Source:
    """A document, in a source of its own."""
    source = Source.objects.create(name=name, kind=Source.Kind.UPLOAD, scope=scope)
    ingest.refresh(source, [File(path, text)])
    return source


def _running(scene: Stage) -> None:
    instance = Instance.objects.get()
    log = place.log_of(instance, "web")
    log.parent.mkdir(parents=True)
    log.write_text("GET / 200\nGET /search 500\npassword=hunter2hunter2\n")
    Sample.objects.create(instance=instance, at=timezone.now(), process="web", cpu_percent=3.5, memory_bytes=2**27, requests=9)
    scene.environment.variables.create(name="TOKEN", value="correct-horse-battery", secret=True)


@pytest.fixture
def call(scene: Stage) -> Call:
    """Call a tool by name, as a model does, for the specialist that holds it."""
    run = runs.start(Actor.system("test"), scene.environment, "deploy", {"ref": "v1"}, idempotency_key="tools")
    sha = git.resolve(mirror_of(scene.environment.application), "HEAD").sha
    facts = [Fact("ruff", "F821", "high", "undefined name", "shop/a.py", 3), Fact("bandit", "B1", "low", "assert", "shop/b.py", 4)]
    findings.record(scene.environment.application, run.pk, sha, facts, None)
    findings.record(stage(application="other").environment.application, run.pk + 1, sha, [facts[0]], None)
    steps = {node: _step(run, node, evidence) for node, evidence in _evidence(sha).items()}

    def ask(name: str, **given: Any) -> ToolAnswer:
        one = next(one for one in specialists().values() if name in one.tools)
        scope = Scope(Run.objects.get(pk=run.pk), steps[one.node], one.name)
        (bound,) = tools.bind([name], scope)
        return bound.call(bound.arguments.model_validate(given))

    return ask


def _step(run: Run, node: str, evidence: list[dict[str, Any]]) -> Step:
    return Step.objects.create(run=run, node=node, status="done", verdict="failed", started_at=timezone.now(), evidence=evidence)


def _evidence(sha: str) -> dict[str, list[dict[str, Any]]]:
    table = {"columns": ["Variable", "Provided"], "rows": [["SECRET_KEY", "secret"], ["DEBUG", "0"]]}
    return {
        "checkout": [piece("Commit", {"commit": sha}, "json")],
        "code_quality": [piece("ruff", "x")],
        "security": [piece("bandit", "x")],
        "cicd": [piece("What the builder said", "\n".join(f"said {n}" for n in range(500)))],
        "testing": [piece("Failing tests", table, "table"), piece("Coverage: 80 % of 10 statements", table, "table")],
        "configuration": [piece("Variables", table, "table"), piece("Settings that need attention", table, "table")],
        "plan": [piece("Pending operations", table, "table"), piece("What it brings", {"commits": []}, "json")],
        "verify": [piece("GET /", {"method": "GET", "status": 500}, "request")],
    }


# --- what there is ---


def test_every_name_that_a_specialist_lists_is_a_tool_and_every_tool_is_listed() -> None:
    listed = {name for one in specialists().values() for name in one.tools}
    assert listed == set(registry())


@pytest.mark.parametrize("tool", registry().values(), ids=lambda tool: tool.name)
def test_a_tool_says_what_it_does_and_takes_no_argument_it_does_not_know(tool: Tool) -> None:
    assert tool.name.startswith(("get_", "list_", "search_", "propose_"))
    assert len(tool.description) > 40
    schema = tool.arguments.model_json_schema()
    assert schema["additionalProperties"] is False
    assert all(field.get("description") for field in schema.get("properties", {}).values())


def test_only_proposals_are_not_looks() -> None:
    assert {name for name, tool in registry().items() if tool.proposes} == {"propose_rollback"}


def test_an_administrator_leaves_tools_out_and_adds_none() -> None:
    one = specialists()["security"]
    assert tools.held(one, None) == one.tools
    assert tools.held(one, ["get_findings", "propose_rollback", "get_logs"]) == ("get_findings",)
    assert tools.held(one, []) == ()


# --- what they see ---

ENOUGH: dict[str, dict[str, Any]] = {
    "search_source": {"text": "line 3"},
    "get_source": {"path": "shop/views.py"},
    "search_knowledge": {"question": "exit code 137"},
    "get_document": {"source": "everyone", "path": "oom.md"},
}


@pytest.mark.parametrize("name", LOOKING)
def test_a_look_answers_and_writes_nothing(call: Call, name: str) -> None:
    before = rows()
    answer = call(name, **ENOUGH.get(name, {}))
    assert (answer.status, answer.error) == ("ok", "")
    assert answer.asked
    assert not written(before)
    assert len(json.dumps(answer.data)) < MOST_CHARACTERS * 1.2


@pytest.mark.parametrize("name", LOOKING)
def test_where_there_is_nothing_it_says_no_data(db: None, name: str, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    run = runs.start(Actor.system("test"), stage().environment, "deploy", {"ref": "v1"}, idempotency_key="empty")
    (bound,) = tools.bind([name], Scope(run, _step(run, "verify", []), "monitoring"))
    answer = bound.call(bound.arguments.model_validate(ENOUGH.get(name, {})))
    assert answer.status in ("no_data", "error")
    assert answer.data is None


def test_findings_are_of_this_run_the_worst_first(call: Call) -> None:
    found = call("get_findings").data["rows"]
    assert [one["rule"] for one in found] == ["F821", "B1"]
    assert [one["rule"] for one in call("get_findings", severity="low").data["rows"]] == ["B1"]
    assert call("get_findings", path="elsewhere/").status == "no_data"


def test_source_is_searched_and_read_in_the_applications_folder_only(call: Call) -> None:
    hits = call("search_source", text="LINE 1").data
    assert {hit["path"] for hit in hits["rows"]} == {"site/shop/views.py"}
    assert hits["left_out"] >= 1
    lines = call("get_source", path="shop/views.py", first=390).data["rows"]
    assert lines[0] == {"line": 390, "text": "line 390"}
    assert call("get_source", path="site/shop/views.py").status == "ok"
    for outside in ("../outside.py", "/outside.py", "outside.py", "shop/../../outside.py", ":(top)outside.py", "--help"):
        assert call("get_source", path=outside).status == "error", outside
    assert call("search_source", text="another application").status == "no_data"
    assert call("search_source", text="line 1", folder="../").status == "error"


def test_requirements_are_those_of_the_application(call: Call) -> None:
    (found,) = call("get_requirements").data["rows"]
    assert found == {"path": "site/requirements.txt", "text": "django==5.2\npillow==10.2\n"}


def test_a_part_of_what_was_found_is_asked_for(call: Call) -> None:
    found = call("get_build_log", first=400).data
    assert found["rows"][0]["line"] == "said 399"
    assert "left_out" not in found
    assert [row["line"] for row in call("get_build_log", text="SAID 77").data["rows"]] == ["said 77"]
    assert {row["of"] for row in call("get_test_report").data["rows"]} == {"Failing tests"}
    assert {row["of"] for row in call("get_migrations").data["rows"]} == {"Pending operations"}


def test_logs_and_sources_come_without_secrets(call: Call) -> None:
    said = call("get_logs").data["rows"]
    assert [row["line"] for row in said] == ["GET / 200", "GET /search 500", "password=[redacted]"]
    assert [row["line"] for row in call("get_logs", text="search").data["rows"]] == ["GET /search 500"]
    assert call("get_logs", process="../../secret").status == "no_data"
    assert "4711" not in str(call("search_source", text="API_KEY").data)


def test_a_known_secret_is_masked_wherever_it_turns_up(call: Call, scene: Stage) -> None:
    Environment.objects.filter(pk=scene.environment.pk).update(secret_key="a-key-of-this-environment")
    log = place.log_of(Instance.objects.get(), "web")
    log.write_text("it said correct-horse-battery and a-key-of-this-environment\n")
    assert call("get_logs").data["rows"] == [{"line": "it said [redacted] and [redacted]"}]


def test_an_answer_is_cut_and_says_how_much_is_missing() -> None:
    answer = bounded(ToolAnswer("ok", "x", {"rows": [{"line": "y" * 300}] * 100, "left_out": 5}))
    assert len(json.dumps(answer.data)) <= MOST_CHARACTERS + 50
    assert answer.data["left_out"] == 105 - len(answer.data["rows"])
    assert len(json.dumps(bounded(ToolAnswer("ok", "x", "z" * 50_000)).data)) < MOST_CHARACTERS * 1.2


def test_nothing_in_an_answer_is_invisible() -> None:
    assert bounded(ToolAnswer("ok", "a\u202e", {"rows": [{"line\u200b": "b\u202e"}]})).data == {
        "rows": [{"line[U+200B]": "b[U+202E]"}]
    }


def test_documents_are_those_of_everyone_of_the_application_and_of_the_environment(call: Call, scene: Stage) -> None:
    mine, other = scene.environment, Environment.objects.exclude(pk=scene.environment.pk).get()
    text = "# {0}\n\nThe zebra of {0} is restarted by hand.\n"
    for name, scope in {
        "mine-a": f"application/{mine.application_id}",
        "mine-e": f"environment/{mine.pk}",
        "other-a": f"application/{other.application_id}",
        "other-e": f"environment/{other.pk}",
    }.items():
        written_down(name, scope, "zebra.md", text.format(name))
    found = call("search_knowledge", question="zebra other-a other-e", limit=10).data["rows"]
    assert {row["source"] for row in found} == {"everyone", "mine-a", "mine-e"}
    (row,) = call("get_document", source="mine-e", path="zebra.md").data["rows"]
    assert row == {"lines": "3-3", "under": ["mine-e"], "text": "| The zebra of mine-e is restarted by hand."}
    for source in ("other-a", "other-e"):
        assert call("get_document", source=source, path="zebra.md").status == "error"


def test_a_document_is_quoted_line_by_line(call: Call) -> None:
    (row, *_) = call("search_knowledge", question="exit code 137").data["rows"]
    assert (row["source"], row["path"], row["lines"], row["text"]) == (
        "everyone",
        "oom.md",
        "3-3",
        "| Exit code 137: raise the limit.",
    )


def test_where_a_source_moves_to_another_scope_its_passages_move_at_once(call: Call) -> None:
    source = written_down("moved", "*", "zebra.md", "# Zebra\n\nThe zebra is restarted by hand.\n")
    assert call("search_knowledge", question="zebra").data["rows"][0]["source"] == "moved"
    Source.objects.filter(pk=source.pk).update(scope="application/999")
    assert call("get_document", source="moved", path="zebra.md").status == "error"
    ingest.rescope(source)
    assert "moved" not in {row["source"] for row in call("search_knowledge", question="zebra").data["rows"]}
