"""Timonel as a stranger starts it: `manage.py up --demo`, a terminal beside it, and its administrator's browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.controlplane.embedded.conftest import ROOT, SET_BY_THE_TESTS, Up, fresh_up

PASSWORD = "correct horse battery staple"
OFFERED = "it will wait for your approval"


class Terminal:
    """`manage.py` on the data folder of a running Timonel."""

    def __init__(self, data: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TESTS}
        self.environment = kept | {"TIMONEL_DATA": str(data)}

    def __call__(self, *arguments: str) -> tuple[int, Any]:
        """The exit code and the JSON that was printed."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments, "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=240, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def standing(self, environment: str) -> dict[str, Any]:
        """What `status` says of one environment of the sample."""
        code, status = self("status")
        assert code == 0, status
        (found,) = (row for row in status["environments"] if row["environment"] == environment)
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def timonel() -> Iterator[Up]:
    """v1 is live in `local`; its release to `staging` waits for somebody."""
    with fresh_up() as up:
        up.extra = {"TIMONEL_ADMIN_PASSWORD": PASSWORD}
        up.start("--demo")
        up.wait_until_said(OFFERED, seconds=300)
        yield up


@pytest.fixture(scope="module")
def terminal(timonel: Up) -> Terminal:
    """A terminal beside it."""
    return Terminal(timonel.data)


@pytest.fixture
def window(browser: Browser, timonel: Up) -> Iterator[Page]:
    """The administrator's browser window, signed in."""
    context = browser.new_context(base_url=timonel.address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(timonel.address)
    yield page
    context.close()
