"""The host as an operating system process: killed, restarted, without a database, told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest
from django.utils import timezone

from tests.workloads.drivers.test_process import DRIVER, roll_out
from tests.workloads.host.gate import Gate
from tests.workloads.machine import Machine, eventually, little_venv, machine
from tests.workloads.steady import Steady
from workloads.host import place
from workloads.models import Instance, Sample

__all__ = ["little_venv", "machine"]


def web_pid(machine: Machine, instance: Instance) -> int:
    return int(machine.instance(instance.pk).processes["web"]["pid"] or 0)


def test_a_killed_host_adopts_what_runs_and_starts_nothing_twice(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    before = web_pid(machine, live)
    machine.host.kill()
    assert psutil.pid_exists(before)
    machine.host.start()
    eventually(lambda: machine.instance(live.pk).processes["web"]["adopted"])
    assert web_pid(machine, live) == before
    assert eventually(lambda: _health(machine)) == {"version": "v1"}
    machine.host.stop()
    eventually(lambda: not psutil.pid_exists(before))


def test_what_was_started_but_never_written_down_is_found_again(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    before = web_pid(machine, live)
    machine.host.kill()
    Instance.objects.filter(pk=live.pk).update(processes={}, status=Instance.Status.PENDING)
    machine.host.start()
    eventually(lambda: machine.instance(live.pk).processes.get("web", {}).get("pid") == before)


def test_what_nobody_wants_any_more_is_stopped_by_the_next_host(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    before = web_pid(machine, live)
    machine.host.kill()
    live.environment.active_instance = None
    live.environment.save()
    Instance.objects.filter(pk=live.pk).update(wanted=Instance.Wanted.STOPPED)
    machine.host.start()
    eventually(lambda: not _lives(before))
    eventually(lambda: machine.instance(live.pk).status == Instance.Status.STOPPED)


def test_sigterm_stops_what_it_started_and_nothing_else_and_the_next_start_brings_it_back(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    before = web_pid(machine, live)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert machine.host.stop() == 0
        assert not _lives(before)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert machine.instance(live.pk).status == Instance.Status.STOPPED
    machine.host.start()
    assert eventually(lambda: _health(machine)) == {"version": "v1"}
    assert web_pid(machine, live) != before


def test_a_second_host_for_the_same_folder_refuses_to_start(machine: Machine) -> None:
    eventually(lambda: (machine.data / "run" / "host.lock").exists() and (machine.data / "run" / "host.lock").read_text())
    second = type(machine.host)(machine.host.variables, machine.data / "second.log")
    second.start()
    assert second.process is not None
    assert second.process.wait(30) == 1
    assert "A host already runs" in second.log.read_text()


def test_a_process_that_dies_is_started_again(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    before = web_pid(machine, live)
    psutil.Process(before).send_signal(signal.SIGKILL)
    eventually(lambda: web_pid(machine, live) not in {0, before})
    row = machine.instance(live.pk)
    assert row.processes["web"]["restarts"] == 1
    assert row.processes["web"]["exit_code"] == -signal.SIGKILL
    assert eventually(lambda: _health(machine)) == {"version": "v1"}


@pytest.mark.timeout(120)
def test_while_the_database_is_away_it_serves_and_restarts(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    machine.host.stop()
    with Gate(machine.host.variables) as gate:
        machine.host.start()
        eventually(lambda: _health(machine))
        before = web_pid(machine, live)
        gate.shut()
        with Steady(f"{machine.address}/health/", rate=20) as steady:
            time.sleep(2)
        assert steady.failed == []
        psutil.Process(before).send_signal(signal.SIGKILL)
        eventually(lambda: not _lives(before))
        assert eventually(lambda: _health(machine)) == {"version": "v1"}
        gate.open()
        eventually(lambda: web_pid(machine, live) not in {0, before}, 40)
        machine.host.stop()


def test_background_processes_run_for_the_live_instance_only_and_never_for_two(machine: Machine) -> None:
    plan = {"web": machine.web, "worker": ["python", "ticking.py"]}
    first = roll_out(machine, machine.release("v1", processes=plan), "one")
    log = place.log_of(first, "worker")
    eventually(lambda: log.exists() and "v1 ticks" in log.read_text())
    staged = DRIVER.stage(machine.environment, machine.release("v2", processes=plan), "two", machine.say)
    second = machine.instance(staged.instance_id)
    assert not place.log_of(second, "worker").exists()
    DRIVER.switch(machine.environment, second, "two", machine.say)
    eventually(lambda: place.log_of(second, "worker").exists() and "v2 ticks" in place.log_of(second, "worker").read_text())
    last_of_first = float(log.read_text().split()[-1])
    first_of_second = float(place.log_of(second, "worker").read_text().split()[3])
    assert last_of_first < first_of_second


def test_processes_and_traffic_are_sampled(machine: Machine) -> None:
    live = roll_out(machine, machine.release("v1"), "one")
    for _ in range(30):
        httpx.get(f"{machine.address}/health/")
    since = timezone.now()
    eventually(lambda: Sample.objects.filter(instance=live, at__gt=since, cpu_percent__isnull=False).count() >= 2)
    samples = list(Sample.objects.filter(instance=live, process="web"))
    assert sum(sample.requests or 0 for sample in samples) == 30
    assert min(sample.memory_bytes or 0 for sample in samples) > 20_000_000


def test_an_expired_former_instance_is_stopped(machine: Machine) -> None:
    first = roll_out(machine, machine.release("v1"), "one")
    roll_out(machine, machine.release("v2"), "two")
    first = machine.instance(first.pk)
    assert first.stop_after is not None
    assert 20 < (first.stop_after - timezone.now()).total_seconds() <= 30
    assert first.status == Instance.Status.RUNNING
    Instance.objects.filter(pk=first.pk).update(stop_after=timezone.now())
    eventually(lambda: machine.instance(first.pk).status == Instance.Status.STOPPED)
    assert httpx.get(f"{machine.address}/health/").json() == {"version": "v2"}


def _health(machine: Machine) -> object:
    try:
        answer = httpx.get(f"{machine.address}/health/", timeout=10)
    except httpx.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
