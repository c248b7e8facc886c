"""A real Celery worker that drives runs with fake operations; run as `python -m tests.agents.worker`.

It loads everything, says `ready`, and begins when it reads the folder of its fake from its standard input: so that a test
that kills one worker has the next at hand.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

REAL = "real"  # instead of a folder: the operations of the product
ROOT = Path(__file__).resolve().parent.parent.parent


class Worker:
    """A worker process, as a test holds it."""

    def __init__(self, database: str, **variables: str) -> None:
        environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "controlplane.settings.test", **variables}
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-m", "tests.agents.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def begin(self, folder: Path | str) -> Worker:
        assert self.process.stdin is not None and self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.process.stdin.write(f"{folder}\n")
        self.process.stdin.flush()
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)


def main() -> None:
    import django

    django.setup()
    import agents.tasks
    from controlplane.celery import app
    from tests.agents.fakes import FakeOperations

    print("ready", flush=True)
    folder = sys.stdin.readline().strip()
    if folder != REAL:
        agents.tasks.operations = lambda: FakeOperations(Path(folder))
    app.worker_main(["worker", "-P", "threads", "-c", "4", "-l", "WARNING", "--without-gossip", "--without-mingle"])


if __name__ == "__main__":
    main()
