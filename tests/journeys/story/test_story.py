"""v1 and v2 go live, v3 is rolled back by itself, v4 stops at testing, v5 is refused; no visitor notices any of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.embedded.conftest import ROOT, SET_BY_THE_TESTS, Up, up
from tests.journeys.story.steady import Visitors
from workloads import sample

__all__ = ["up"]
PASSED, STOPPED, ROLLED_BACK, REFUSED = 0, 3, 4, 6


class Terminal:
    """`manage.py` on the data folder of a running Timonel."""

    def __init__(self, data: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TESTS}
        self.environment = kept | {"TIMONEL_DATA": str(data)}

    def __call__(self, *arguments: str) -> tuple[int, Any]:
        """The exit code and the JSON that was printed."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments, "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=150, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr


@pytest.fixture
def terminal(up: Up) -> Iterator[Terminal]:
    up.extra = {"TIMONEL_ADMIN_PASSWORD": "correct horse battery staple"}
    up.start()
    up.wait_until_ready()
    yield Terminal(up.data)


@pytest.mark.timeout(400)
def test_five_releases_and_a_rollback_without_one_failed_request(up: Up, terminal: Terminal, tmp_path: Path) -> None:
    repository = sample.materialise(tmp_path / "sample")
    registered, understood = terminal("register", "harbour", str(repository))
    assert registered == 0, understood
    first, said = terminal("deploy", "harbour", "local", "v1")
    assert first == PASSED, said

    with Visitors(address_of(terminal)) as visitors:
        assert deploy(terminal, "v2") == PASSED
        assert deploy(terminal, "v3") == ROLLED_BACK
        assert live(terminal) == "v2"
        assert deploy(terminal, "v4") == STOPPED
        assert deploy(terminal, "v5") == REFUSED
        assert live(terminal) == "v2"
        back, said = terminal("rollback", "harbour", "local")
        assert back == PASSED, said
        assert live(terminal) == "v1"

    assert visitors.answers["200"] > 500
    assert visitors.failed == {}


def deploy(terminal: Terminal, ref: str) -> int:
    return terminal("deploy", "harbour", "local", ref)[0]


def local(terminal: Terminal) -> dict[str, Any]:
    code, status = terminal("status")
    assert code == 0, status
    (found,) = (row for row in status["environments"] if row["environment"] == "local")
    assert isinstance(found, dict)
    return found


def live(terminal: Terminal) -> str:
    return str(local(terminal)["live"])


def address_of(terminal: Terminal) -> str:
    return str(local(terminal)["address"])
