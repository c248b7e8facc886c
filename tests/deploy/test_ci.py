"""The script of pipelines, in a real shell, against a Timonel that is served, through a network that loses things."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from agents import runs
from agents.models import Run
from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role, Verb
from tests.deploy.flaky import LOST_AFTER, LOST_BEFORE, Network, network
from tests.workloads.stage import Stage, stage
from workloads.verdicts import Verdict

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "ci"
SCRIPT = FOLDER / "deploy.sh"
ACTION: dict[str, Any] = yaml.safe_load((FOLDER / "action.yml").read_text(encoding="utf-8"))
Finished = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Pipeline:
    """A job: its Timonel, its token, and how it asks."""

    network: Network
    token: str
    stage: Stage

    def begin(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """The script, asking."""
        own = {
            "TIMONEL_URL": self.network.url,
            "TIMONEL_TOKEN": self.token,
            "PATH": os.environ["PATH"],
            "TIMONEL_SLOWEST_RETRY": "1",
        }
        words = arguments or ("shop", "production", "v1")
        return subprocess.Popen(
            ["/bin/sh", str(SCRIPT), *words], env=own | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ask(self, *arguments: str, **environment: str) -> Finished:
        """The script, to its end."""
        return finished(self.begin(*arguments, **environment))


def finished(process: subprocess.Popen[str]) -> Finished:
    """What it said, and its exit code."""
    said, complained = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, said, complained)


@pytest.fixture
def pipeline(transactional_db: None, live_server: LiveServer) -> Iterator[Pipeline]:
    alice = User.objects.create_user("alice", "alice@example.org")
    RoleBinding.objects.create(user=alice, role=Role.OPERATOR, scope="*")
    _, text = tokens.issue(Actor.system("test"), alice, "ci", [Verb.VIEW, Verb.RUN])
    with network(live_server.url) as between:
        yield Pipeline(between, text, stage("production"))


def its_run() -> Run:
    """The run that the script asked for."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        run = Run.objects.first()
        if run is not None:
            return run
        time.sleep(0.05)
    raise AssertionError("nothing was asked for")


def end(run: Run, status: str, **result: Any) -> None:
    """What a worker does."""
    lease = runs.claim(run.pk, "worker")
    assert lease is not None
    runs.tell(run.pk, "Reading the code.\n::set-output name=code::0\n\x1b[31mred\x1b[0m")
    runs.finish(lease, status, result)


@pytest.mark.parametrize(
    ("status", "code"),
    [("succeeded", 0), ("failed", 1), ("stopped", 3), ("rolled_back", 4), ("refused", 6), ("cancelled", 1)],
)
def test_the_verdict_is_the_exit_code(pipeline: Pipeline, status: str, code: int) -> None:
    asking = pipeline.begin()
    live = pipeline.stage.live(pipeline.stage.release("v1")) if status == "succeeded" else None
    end(its_run(), status, summary="So it went.", deployment=live.pk if live else None)
    done = finished(asking)
    assert done.returncode == code, done.stderr
    assert "Reading the code." in done.stdout
    assert "So it went." in done.stdout
    assert " red\n" in done.stdout


def test_what_is_live_unverified_is_told_apart(pipeline: Pipeline) -> None:
    asking = pipeline.begin()
    live = pipeline.stage.live(pipeline.stage.release("v1"), Verdict.INCONCLUSIVE)
    end(its_run(), "succeeded", summary="By Bob's decision.", deployment=live.pk)
    assert finished(asking).returncode == 7


def test_each_line_is_told_once_and_in_order(pipeline: Pipeline) -> None:
    asking = pipeline.begin()
    run = its_run()
    runs.tell(run.pk, "\n".join(f"line {number}." for number in range(1_200)), kind="line")
    end(run, "failed", summary="Over.")
    told = [line.partition(" ")[2] for line in finished(asking).stdout.splitlines()]
    assert [line for line in told if line.startswith("line ")] == [f"line {number}." for number in range(1_200)]


def test_waiting_for_a_person_ends_it_unless_it_follows(pipeline: Pipeline) -> None:
    first, second = pipeline.begin("shop", "production", "v1"), None
    run = its_run()
    lease = runs.claim(run.pk, "worker")
    change = pipeline.stage.propose(pipeline.stage.release("v1"))
    assert lease is not None
    assert runs.wait(lease, change.pk)
    assert finished(first).returncode == 5
    second = pipeline.begin("--follow", "--key", pipeline.network.seen[0][2], "shop", "production", "v1")
    time.sleep(1)
    assert second.poll() is None
    runs.resume(run.pk)
    end(run, "refused", summary="Bob said no.")
    assert finished(second).returncode == 6
    assert Run.objects.count() == 1


@pytest.mark.parametrize("trouble", [LOST_BEFORE, LOST_AFTER, 429, 502, 503])
def test_what_the_network_loses_is_asked_again_under_the_same_key(pipeline: Pipeline, trouble: str | int) -> None:
    pipeline.network.troubles += [trouble, trouble]
    done = pipeline.ask("--no-wait", "shop", "production", "v1")
    assert done.returncode == 0, done.stderr
    posts = [key for method, _, key in pipeline.network.seen if method == "POST"]
    assert (len(posts), len(set(posts))) == (3, 1)
    assert Run.objects.count() == 1


def test_a_story_goes_on_where_the_network_lost_it(pipeline: Pipeline) -> None:
    asking = pipeline.begin()
    run = its_run()
    pipeline.network.troubles += [LOST_AFTER, 503, LOST_BEFORE]
    end(run, "failed", summary="Over.")
    done = finished(asking)
    assert done.returncode == 1
    assert done.stdout.count("Reading the code.") == 1


def test_patience_ends(pipeline: Pipeline) -> None:
    pipeline.network.troubles += [503] * 10
    done = pipeline.ask(TIMONEL_TRIES="3")
    assert (done.returncode, len(pipeline.network.seen)) == (1, 3)
    assert "(503)" in done.stderr


def test_nobody_there_is_said(pipeline: Pipeline) -> None:
    done = pipeline.ask(TIMONEL_URL="http://127.0.0.1:9", TIMONEL_TRIES="2")
    assert (done.returncode, "cannot be reached" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("shop", "nowhere", "v1"), 2, "There is no environment 'shop/nowhere'"),
        (("shop", "production"), 2, "are needed"),
        (("--odd", "shop", "production", "v1"), 2, "no option --odd"),
        (("--timeout", "soon", "shop", "production", "v1"), 2, "number of seconds"),
        (("--allow-failure", "everything", "shop", "production", "v1"), 2, "not valid"),
        (("shop", "production", '"; touch /tmp/owned #\\'), 0, "Run "),
    ],
)
def test_what_is_wrong_is_said_and_never_run(pipeline: Pipeline, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = pipeline.ask("--no-wait", *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    if code == 0:
        assert its_run().input["ref"] == '"; touch /tmp/owned #\\'


def test_a_wrong_token_is_wrong_usage_and_a_right_that_is_missing_a_refusal(pipeline: Pipeline) -> None:
    assert pipeline.ask(TIMONEL_TOKEN="tmn_wrong").returncode == 2
    RoleBinding.objects.update(role=Role.VIEWER)
    done = pipeline.ask()
    assert (done.returncode, "Cure: Ask an administrator" in done.stderr) == (6, True)


def test_it_stops_watching_after_its_time_and_the_run_goes_on(pipeline: Pipeline) -> None:
    done = pipeline.ask("--timeout", "0", "shop", "production", "v1")
    assert (done.returncode, "it goes on" in done.stderr) == (1, True)
    assert Run.objects.get().status == "queued"


def test_the_token_is_in_no_list_of_processes(pipeline: Pipeline) -> None:
    asking, seen = pipeline.begin(), []
    run = its_run()
    for _ in range(20):
        seen += [_command(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        time.sleep(0.02)
    end(run, "failed")
    finished(asking)
    assert any("/events?after=" in line for line in seen)
    assert not any(pipeline.token in line for line in seen)


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _step(inputs: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The action's one step as GitHub would run it: its script, and its variables filled in."""
    (step,) = ACTION["runs"]["steps"]
    assert step["shell"] == "sh"
    known = {f"inputs.{name}": inputs.get(name, str(given.get("default", ""))) for name, given in ACTION["inputs"].items()}
    known |= {"github.action_path": str(FOLDER), "github.sha": "v1", "github.run_id": "12", "github.run_attempt": "1"}
    known |= {"github.repository_id": "7", "github.job": "deploy"}
    environment = {}
    for name, value in step["env"].items():
        environment[name] = _filled_in(_filled_in(value, known), known)  # a default may name a variable itself
    return step["run"], environment


def _filled_in(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace("${{ " + name + " }}", value)
    return text


def test_the_action_deploys_tells_its_run_and_runs_nothing_of_the_story(pipeline: Pipeline, tmp_path: Path) -> None:
    inputs = {"url": pipeline.network.url, "token": pipeline.token, "application": "shop", "environment": "production"}
    script, environment = _step(inputs)
    assert "${{" not in script
    assert not any("${{" in value for value in environment.values())
    (tmp_path / "step.sh").write_text(script)
    environment |= {"PATH": os.environ["PATH"], "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "output")}
    worker = threading.Thread(target=_work)
    worker.start()
    command = ["/bin/sh", "-e", str(tmp_path / "step.sh")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    worker.join()
    run = Run.objects.get()
    assert (done.returncode, run.input, run.idempotency_key.endswith("github-7-12-1-deploy-shop-production")) == (
        3,
        {"ref": "v1"},
        True,
    )
    assert (tmp_path / "output").read_text() == f"run={run.pk}\ncode=3\n"
    before, _, after = done.stdout.partition("::set-output")
    stopped = before.rpartition("::stop-commands::")[2]
    word = stopped.partition("\n")[0]
    assert len(word) == 32
    assert f"::{word}::" not in stopped
    assert f"\n::{word}::\n" in after


def _work() -> None:
    end(its_run(), "stopped", summary="A test failed.")
    connections.close_all()


def test_every_output_of_the_action_is_written() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    for name, output in ACTION["outputs"].items():
        assert output["value"] == "${{ steps.deploy.outputs." + name + " }}"
        assert f"'{name}=%s\\n'" in script
