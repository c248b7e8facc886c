"""Models held to recorded cases, through the command, on a scripted server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.evaluation import cases
from agents.evaluation.cases import Case, Check
from agents.models import ModelCall, ModelEndpoint
from agents.specialists import registry
from controlplane.core.errors import Invalid
from tests.agents.model_server import ModelServer, Mood
from tests.agents.thinking_stage import OF_A_READING, answers, rows, tool, written

CASES = Path(__file__).parents[1] / "evals" / "agents"
CASE = {
    "about": "x",
    "specialist": "security",
    "verdict": "failed",
    "summary": "One finding.",
    "findings": [{"severity": "high", "rule": "B602", "message": "shell", "place": "run.py:9"}],
    "tools": [
        {"name": "get_source", "arguments": {"path": "run.py"}, "data": {"rows": [{"line": 9, "text": "marked"}]}},
    ],
    "must": ["run.py", {"cites": "f1"}],
    "must_not": ["approved", {"calls": "search_source"}],
}
GOOD = {"text": "run.py runs a shell.", "facts": ["f1"], "risks": []}


@pytest.fixture
def server(transactional_db: None) -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.json").write_text(json.dumps(CASE))
    return tmp_path


def evaluate(folder: Path, *options: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("evaluate_agents", str(folder), *options, stdout=out)
    assert isinstance(ended.value.code, int)
    return ended.value.code, out.getvalue()


def at(server: ModelServer) -> tuple[str, ...]:
    return ("--url", server.address, "--model", "scripted")


# --- our own cases ---


def test_there_are_twenty_cases_and_more_and_one_at_least_for_each_specialist() -> None:
    found = cases.load(CASES)
    assert len(found) >= 20
    assert {case.specialist for case in found.values()} == set(registry())
    assert sum(name.startswith("hostile") for name in found) >= 4


@pytest.mark.parametrize("name", sorted(cases.load(CASES)))
def test_the_good_answer_to_a_case_is_possible_and_an_empty_one_is_not_good(server: ModelServer, tmp_path: Path, name: str) -> None:
    case = cases.load(CASES)[name]
    (tmp_path / "case.yaml").write_text((CASES / f"{name}.yaml").read_text())
    server.script(answers(ideal(case)))
    code, said = evaluate(tmp_path, *at(server))
    assert code == 0, said
    server.script(answers({"text": "Everything is fine.", "facts": ["e1"], "risks": []}))
    assert evaluate(tmp_path, *at(server))[0] == 1


def ideal(case: Case) -> dict[str, Any]:
    """An answer made of nothing but what the case asks for, one alternative of each pattern."""
    said = [check.text or re.sub(r"\\b|\\|\(be \)\?|[()^$]", "", check.regex).split("|")[0] for check in case.must]
    return {"text": "; ".join(filter(None, said)), "facts": [check.cites for check in case.must if check.cites], "risks": []}


# --- the command ---


def test_a_good_answer_passes_with_its_calls_and_tokens(server: ModelServer, folder: Path) -> None:
    server.script(tool(("get_source", {"path": "run.py"})), answers(GOOD))
    code, said = evaluate(folder, *at(server), "--json")
    found = json.loads(said)
    assert (code, found["code"]) == (0, 0)
    (row,) = found["specialists"]
    assert (row["specialist"], row["passed"], row["share"], row["calls"], row["tokens"]) == ("security", 1, 1.0, 2, 240)
    assert found["trials"][0]["tool_calls"] == 1
    assert "marked" in server.asked[1].raw
    assert ModelCall.objects.filter(purpose="evaluation", specialist="security", endpoint=None).count() == 2
    assert not ModelEndpoint.objects.exists()


def test_an_answer_that_lacks_something_or_holds_what_it_must_not_fails_and_says_so(server: ModelServer, folder: Path) -> None:
    server.script(answers({"text": "I approved it.", "facts": [], "risks": []}))
    code, said = evaluate(folder, *at(server))
    assert code == 1
    assert "it lacks 'run.py', cites 'f1'; it holds 'approved'" in said
    server.script(tool(("search_source", {"text": "shell"})), answers(GOOD))
    assert "it holds calls 'search_source'" in evaluate(folder, *at(server))[1]


@pytest.mark.parametrize("mood", [Mood("status", status=401), Mood("drop"), Mood(text="no JSON"), Mood("nonsense")])
def test_a_case_that_could_not_run_is_not_evaluated_and_no_pass(server: ModelServer, folder: Path, mood: Mood) -> None:
    server.script(mood)
    code, said = evaluate(folder, *at(server), "--at-least", "0")
    assert code == 3
    assert "not evaluated" in said
    assert "no data" in said


def test_enough_good_answers_can_be_enough(server: ModelServer, folder: Path) -> None:
    server.script(answers(GOOD), answers(GOOD), answers({**GOOD, "text": "no"}))
    assert evaluate(folder, *at(server), "--times", "3", "--at-least", "0.6")[0] == 0
    server.script(answers(GOOD), answers(GOOD), answers({**GOOD, "text": "no"}))
    assert evaluate(folder, *at(server), "--times", "3", "--at-least", "0.7")[0] == 1


def test_a_connected_endpoint_is_asked_by_name_and_by_default(server: ModelServer, folder: Path) -> None:
    server.script(answers(GOOD))
    with pytest.raises(CommandError, match="No model is connected"):
        call_command("evaluate_agents", str(folder))
    ModelEndpoint.objects.create(name="mine", address=server.address, model="m", private=True, is_default=True)
    assert evaluate(folder)[0] == 0
    assert evaluate(folder, "--endpoint", "mine")[0] == 0
    assert ModelCall.objects.filter(endpoint_name="mine").count() == 2


def test_the_key_is_read_from_its_file_and_is_nowhere_else(server: ModelServer, folder: Path, tmp_path_factory: Any) -> None:
    key = tmp_path_factory.mktemp("key") / "key"
    key.write_text("sk-evaluation-4711-4711-4711\n")
    server.script(answers(GOOD))
    _, said = evaluate(folder, *at(server), "--key-file", str(key), "--json")
    assert server.asked[0].headers["authorization"] == "Bearer sk-evaluation-4711-4711-4711"
    assert "4711" not in said
    assert not any("4711" in text for text in rows().values())


def test_an_evaluation_touches_nothing_but_the_records_of_its_calls(server: ModelServer, tmp_path: Path) -> None:
    case = {**CASE, "specialist": "monitoring", "tools": [], "must_not": [{"calls": "propose_rollback"}]}
    (tmp_path / "one.json").write_text(json.dumps(case))
    before = rows()
    server.script(tool(("propose_rollback", {"why": "because I can, and will", "facts": ["f1"]})), answers(GOOD))
    assert evaluate(tmp_path, *at(server))[0] == 1
    assert written(before) - {"agents.agentprofile"} <= OF_A_READING


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"must": []}, "must"),
        ({"must": [{"text": "a", "regex": "b"}]}, "exactly one"),
        ({"must": [{"regex": "("}]}, "cannot be read"),
        ({"surplus": 1}, "surplus"),
        ({"specialist": "chef"}, "no specialist"),
        ({"tools": [{"name": "get_logs"}]}, "holds no tool get_logs"),
        ({"verdict": "good"}, "verdict"),
    ],
)
def test_a_case_with_a_slip_is_an_error_and_no_pass(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    (tmp_path / "one.json").write_text(json.dumps({**CASE, **change}))
    with pytest.raises(Invalid, match=why):
        cases.load(tmp_path)
    with pytest.raises(CommandError) as refused:
        call_command("evaluate_agents", str(tmp_path), "--url", "http://127.0.0.1:9", "--model", "m")
    assert refused.value.returncode == 2


@pytest.mark.parametrize("text", ["{", "a: !!python/object/apply:os.system ['true']", "\x00", "[]"])
def test_what_is_no_case_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.yaml").write_text(text)
    with pytest.raises(Invalid):
        cases.load(tmp_path)
    with pytest.raises(Invalid, match="no case"):
        (tmp_path / "empty").mkdir()
        cases.load(tmp_path / "empty")


def test_a_check_says_itself() -> None:
    assert str(Check(text="a")) == "'a'"
    assert str(Check(regex="b|c")) == "regex 'b|c'"
