"""The process driver against a real host, a real gunicorn and real requests."""

from __future__ import annotations

from pathlib import Path

import httpx
import psutil
import pytest
from django.utils import timezone

from controlplane.core.errors import Conflict
from tests.workloads.machine import CONFIGURATION, LITTLE, Machine, eventually, little_venv, machine
from tests.workloads.steady import Steady
from workloads.drivers.process import ProcessDriver
from workloads.models import Environment, Instance, Release
from workloads.verdicts import Verdict

__all__ = ["little_venv", "machine"]
DRIVER = ProcessDriver()
BREAKS_LATER = """
from pathlib import Path

def breaks(get_response):
    def middleware(request):
        if Path({flag!r}).exists():
            raise RuntimeError("later")
        return get_response(request)
    return middleware
"""


def with_middleware(name: str) -> str:
    return (LITTLE / "site_settings.py").read_text() + f"\nMIDDLEWARE = [*MIDDLEWARE, {name!r}]\n"


def roll_out(machine: Machine, release: Release, key: str) -> Instance:
    staged = DRIVER.stage(machine.environment, release, key, machine.say)
    assert staged.verdict is Verdict.PASSED, (staged, machine.said)
    instance = machine.instance(staged.instance_id)
    switched = DRIVER.switch(machine.environment, instance, key, machine.say)
    assert switched.switched, switched
    assert switched.verdict is Verdict.PASSED, switched
    return machine.instance(instance.pk)


def test_switch_and_undo_lose_no_request(machine: Machine) -> None:
    first = roll_out(machine, machine.release("v1"), "one")
    with Steady(f"{machine.address}/health/") as steady:
        eventually(lambda: steady.answers.total() > 50)
        second = roll_out(machine, machine.release("v2"), "two")
        eventually(lambda: steady.answers['{"version": "v2"}'] > 50)
        undone = DRIVER.undo(machine.environment, second, "undo", machine.say)
        assert undone.switched
        before = steady.answers['{"version": "v1"}']
        eventually(lambda: steady.answers['{"version": "v1"}'] > before + 50)
        eventually(lambda: machine.instance(second.pk).status == Instance.Status.STOPPED)
    assert steady.failed == []
    assert undone.instance_id == first.pk
    assert Environment.objects.get().routed_instance_id == first.pk


def test_a_good_release_is_judged_by_what_its_address_saw(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    observed = DRIVER.observe(machine.environment, live, 6, machine.say)
    assert observed.verdict is Verdict.PASSED, observed
    verdict = next(piece for piece in observed.evidence if piece.title == "Rollout verdict")
    rows = {row[0]: row[1:] for row in verdict.body["rows"]}
    assert set(rows) == {"pages", "requests", "success ratio", "latency p99", "log", "process"}
    assert int(rows["success ratio"][1].split()[2]) >= 200


def test_a_release_that_breaks_after_the_switch_fails_its_watch(machine: Machine) -> None:
    roll_out(machine, machine.release("v1"), "one")
    flag = machine.data / "break"
    files = {"middle.py": BREAKS_LATER.format(flag=str(flag)), "site_settings.py": with_middleware("middle.breaks")}
    live = roll_out(machine, machine.release("v2", files), "two")
    flag.touch()
    observed = DRIVER.observe(machine.environment, live, 3, machine.say)
    assert observed.verdict is Verdict.FAILED
    assert any("RuntimeError: later" in str(piece.body) for piece in observed.evidence if "Tracebacks" in piece.title)
    former = machine.instance(live.replaced_id)
    assert former.stop_after is not None
    assert (former.stop_after - timezone.now()).total_seconds() > 20
    assert DRIVER.undo(machine.environment, live, "undo", machine.say).switched
    assert httpx.get(f"{machine.address}/health/").json() == {"version": "v1"}


def test_an_undo_starts_the_former_instance_again_when_it_was_stopped(machine: Machine) -> None:
    first = roll_out(machine, machine.release("v1"), "one")
    second = roll_out(machine, machine.release("v2"), "two")
    Instance.objects.filter(pk=first.pk).update(stop_after=timezone.now())
    eventually(lambda: machine.instance(first.pk).status == Instance.Status.STOPPED)
    with Steady(f"{machine.address}/health/", rate=20) as steady:
        assert DRIVER.undo(machine.environment, second, "undo", machine.say).switched
    assert steady.failed == []
    again = DRIVER.undo(machine.environment, second, "undo", machine.say)
    assert (again.switched, again.instance_id) == (True, first.pk)


def test_a_release_that_does_not_start_fails_with_its_log(machine: Machine) -> None:
    staged = DRIVER.stage(
        machine.environment, machine.release("v1", {"site_wsgi.py": "import nothing_of_that_name"}), "one", machine.say
    )
    assert staged.verdict is Verdict.FAILED
    assert "did not become ready" in staged.summary
    assert any("nothing_of_that_name" in str(piece.body) for piece in staged.evidence)


def test_a_failed_release_step_starts_nothing(machine: Machine) -> None:
    steps = [{"name": "load data", "run": ["python", "manage.py", "loaddata", "absent"], "when": "release"}]
    staged = DRIVER.stage(machine.environment, machine.release("v1", release_steps=steps), "one", machine.say)
    assert staged.verdict is Verdict.FAILED
    assert "load data" in staged.summary
    assert any("absent" in str(piece.body) for piece in staged.evidence)
    assert not Instance.objects.exists()


def test_staging_again_with_the_same_key_finds_what_the_first_call_did(machine: Machine) -> None:
    counted = [*machine.plan["release_steps"], {"name": "count", "run": ["python", "-c", "open('counted', 'a').write('x')"]}]
    release = machine.release("v1", release_steps=counted)
    first = DRIVER.stage(machine.environment, release, "one", machine.say)
    second = DRIVER.stage(machine.environment, release, "one", machine.say)
    assert first.instance_id == second.instance_id
    assert second.verdict is Verdict.PASSED
    instance = machine.instance(first.instance_id)
    assert (Path(instance.folder) / "counted").read_text() == "x"
    DRIVER.switch(machine.environment, instance, "one", machine.say)
    assert DRIVER.switch(machine.environment, instance, "one", machine.say).switched
    assert DRIVER.stage(machine.environment, release, "one", machine.say).switched


def test_an_older_fence_does_not_move_the_address(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    staged = DRIVER.stage(machine.environment, machine.release("v2"), "two", machine.say)
    Environment.objects.filter(pk=machine.environment.pk).update(fence=5)
    with pytest.raises(Conflict):
        DRIVER.switch(machine.environment, machine.instance(staged.instance_id), "two", machine.say)
    assert Environment.objects.get().active_instance_id == live.pk
    assert machine.instance(live.pk).stop_after is None


def test_sqlite_and_uploads_outlive_releases(machine: Machine) -> None:
    configuration = {name: entry for name, entry in CONFIGURATION.items() if name != "DATABASE_URL"}
    folders = []
    for version in ("v1", "v2"):
        release = machine.release(version, shared=["db.sqlite3", "media/"])
        release.configuration = configuration
        release.save()
        folders.append(Path(roll_out(machine, release, version).folder))
    (folders[0] / "media" / "upload.txt").write_text("kept")
    assert (folders[1] / "media" / "upload.txt").read_text() == "kept"
    assert (folders[0] / "db.sqlite3").resolve() == (folders[1] / "db.sqlite3").resolve()
    assert (folders[1] / "db.sqlite3").stat().st_size > 0


def test_an_application_that_insists_on_https_passes_its_preview(machine: Machine) -> None:
    release = machine.release("v1")
    release.configuration = {**CONFIGURATION, "INSIST_ON_HTTPS": {"value": "1", "secret": False}}
    release.save()
    assert DRIVER.stage(machine.environment, release, "one", machine.say).verdict is Verdict.PASSED


def test_processes_get_nothing_of_our_own_environment(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    pid = machine.instance(live.pk).processes["web"]["pid"]
    names = set(psutil.Process(pid).environ())
    assert {"SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"} <= names
    assert not [name for name in names if name.startswith("TIMONEL")]
    assert psutil.Process(pid).environ()["DATABASE_URL"] != machine.host.variables["DATABASE_URL"]


def test_a_broken_release_is_never_switched_to(machine: Machine) -> None:
    roll_out(machine, machine.release("v1"), "one")
    staged = DRIVER.stage(machine.environment, machine.release("broken"), "three", machine.say)
    assert staged.verdict is Verdict.FAILED
    assert not staged.switched
    assert "500" in staged.summary
    assert any("this release is broken" in str(piece.body) for piece in staged.evidence)
    eventually(lambda: machine.instance(staged.instance_id).status == Instance.Status.STOPPED)
    assert httpx.get(f"{machine.address}/health/").json() == {"version": "v1"}
