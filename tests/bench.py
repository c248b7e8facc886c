"""Measures what a newcomer waits for: the first and the second `make demo` in an empty clone. `make bench` runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controlplane.embedded.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
FIRST_SECONDS, SECOND_SECONDS = 120.0, 25.0
NOT_OF_A_STRANGER = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Measured:
    """One `make demo ARGS=--exit-after-deploy`."""

    seconds: float
    exit_code: int
    said: str


@contextmanager
def empty_clone() -> Iterator[Path]:
    """A clone of what is committed, with nothing installed and no download kept from before."""
    folder = Path(tempfile.mkdtemp(prefix="timonel-clone-"))
    folder.chmod(0o755)
    try:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "timonel")], check=True)
        yield folder / "timonel"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def demo(clone: Path) -> Measured:
    """Run the demo as a stranger would, on a port of its own and with caches inside the clone."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TIMONEL_") and name not in NOT_OF_A_STRANGER
    }
    caches = {"UV_CACHE_DIR": str(clone / ".venv-cache" / "uv"), "PIP_CACHE_DIR": str(clone / ".venv-cache" / "pip")}
    began = time.monotonic()
    done = subprocess.run(
        ["make", "demo", f"ARGS=--exit-after-deploy --port {free_port()}"],
        cwd=clone,
        env=environment | caches,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return Measured(time.monotonic() - began, done.returncode, done.stdout)


def main() -> int:
    """Print both measurements; return 1 when one failed or took longer than promised."""
    kept = True
    with empty_clone() as clone:
        for name, allowed in (("first", FIRST_SECONDS), ("second", SECOND_SECONDS)):
            measured = demo(clone)
            good = measured.exit_code == 0 and measured.seconds <= allowed
            kept = kept and good
            took = f"{measured.seconds:.1f} s of {allowed:g} s, exit code {measured.exit_code}"
            print("ok  " if good else "OVER", name, "make demo:", took, flush=True)
            if measured.exit_code:
                print(measured.said)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
