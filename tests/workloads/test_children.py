"""A child is limited, cut off from our environment, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from controlplane.core.errors import OutsideError
from workloads.adapters import children
from workloads.adapters.children import Limits

PYTHON = sys.executable
ORPHAN = "import subprocess, time; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)"


def _run(script: str, tmp_path: Path, **keywords: object) -> children.Completed:
    return children.run([PYTHON, "-c", script], cwd=tmp_path, environment=children.clean_environment(), **keywords)  # type: ignore[arg-type]


def _wait(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_output_of_both_streams_comes_line_by_line(tmp_path: Path) -> None:
    seen: list[str] = []
    done = _run(
        "import sys; print('one'); print('two', file=sys.stderr, flush=True); print('three', end='')", tmp_path, on_line=seen.append
    )
    assert sorted(seen) == ["one", "three", "two"]
    assert (done.exit_code, done.ended, done.ok) == (0, "exited", True)


def test_the_exit_code_is_the_programs_own(tmp_path: Path) -> None:
    assert _run("raise SystemExit(3)", tmp_path).exit_code == 3


def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    done = children.run(["no-such-program"], cwd=tmp_path, environment=children.clean_environment())
    assert done.exit_code == 127
    assert "no-such-program" in done.output


def test_a_folder_that_is_not_there_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        children.run(["true"], cwd=tmp_path / "absent", environment={})


def test_nothing_of_our_environment_reaches_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMONEL_SECRET_KEY", "do-not-tell")
    monkeypatch.setenv("DATABASE_URL", "do-not-tell")
    assert "do-not-tell" not in _run("import os; print(dict(os.environ))", tmp_path).output


def test_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    script = f"{ORPHAN}; time.sleep(60)"
    done = _run(script, tmp_path, limits=Limits(seconds=1))
    assert done.ended == "timed_out"
    assert not _alive(int(done.output))


def test_a_child_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    done = _run(script, tmp_path, limits=Limits(seconds=1))
    assert (done.ended, done.exit_code) == ("timed_out", -signal.SIGKILL)
    assert done.seconds < 10


def test_cancel_reaches_the_child(tmp_path: Path) -> None:
    began = time.monotonic()
    done = _run("import time; time.sleep(60)", tmp_path, cancelled=lambda: time.monotonic() - began > 0.5)
    assert done.ended == "cancelled"
    assert done.seconds < 5


def test_a_daemon_left_behind_does_not_outlive_its_program(tmp_path: Path) -> None:
    done = _run(ORPHAN, tmp_path)
    assert done.ok
    assert done.seconds < 10
    assert not _alive(int(done.output))


@pytest.mark.skipif(sys.platform != "linux", reason="families are followed on Linux")
def test_memory_over_the_limit_ends_the_family(tmp_path: Path) -> None:
    child = "import time; block = bytearray(60_000_000); time.sleep(30)"
    script = (
        f"import subprocess, sys, time; [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in range(4)]; time.sleep(30)"
    )
    done = _run(script, tmp_path, limits=Limits(memory_bytes=180_000_000, seconds=20))
    assert (done.ended, done.limit) == ("killed_by_limit", "memory")


def test_processor_time_over_the_limit_is_told(tmp_path: Path) -> None:
    done = _run("while True: pass", tmp_path, limits=Limits(cpu_seconds=1, seconds=20))
    assert (done.ended, done.limit) == ("killed_by_limit", "CPU time")


def test_a_file_cannot_grow_over_the_limit(tmp_path: Path) -> None:
    done = _run("open('big', 'wb').write(bytes(3_000_000))", tmp_path, limits=Limits(file_bytes=1_000_000))
    assert not done.ok
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    done = _run("for n in range(20000): print('line', n)", tmp_path, output_limit=10_000)
    assert done.output.startswith("line 0\n")
    assert done.output.endswith("line 19999")
    assert "lines left out" in done.output
    assert len(done.output) < 11_000


def test_killing_whoever_started_it_leaves_no_child(tmp_path: Path) -> None:
    inner = (
        "import subprocess, time; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True); time.sleep(60)"
    )
    outer = (
        "import sys; from pathlib import Path; from workloads.adapters import children\n"
        "tell = lambda line: print(line, flush=True)\n"
        f"children.run([sys.executable, '-c', {inner!r}], cwd=Path('/'), environment={{}}, on_line=tell)"
    )
    worker = subprocess.Popen([PYTHON, "-c", outer], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert worker.stdout is not None
    grandchild = int(worker.stdout.readline())
    family = psutil.Process(worker.pid).children(recursive=True)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert _wait(lambda: not any(_alive(process.pid) for process in family) and not _alive(grandchild))
    worker.stdout.close()
