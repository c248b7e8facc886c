"""A real daphne on the test's database and Valkey, a real Chromium, and the scene they look at."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from controlplane.settings.addresses import database_from_url
from tests import browser as browsers
from tests.journeys.scene import PASSWORD, Scene, fill

# Playwright keeps an event loop in this thread; Django would refuse every query in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ASKING = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
            AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


@dataclass
class Server:
    """One daphne that can be killed and started again at the same address."""

    environment: dict[str, str]
    log: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.port = self.port or _free_port()
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "controlplane.asgi:application"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self._wait()

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with urlopen(f"{self.url}/sign-in/", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(f"daphne does not answer: {self.log.read_text()[-2000:]}")


@pytest.fixture(scope="package")
def server(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A web server on the test's database."""
    call_command("collectstatic", "--no-input", verbosity=0)
    name = str(connection.settings_dict["NAME"])
    environment = os.environ | {
        "DATABASE_URL": _with_database(name),
        "TIMONEL_DATA": str(settings.DATA_DIR),
        "DJANGO_SETTINGS_MODULE": "controlplane.settings.test",
    }
    made = Server(environment, tmp_path_factory.mktemp("daphne") / "daphne.log")
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real browser. There is no skipping: without one the journeys fail and say how to get it.

    Closed with the package: while Playwright is open, an event loop counts as running in the tests' thread.
    """
    found = browsers.find()
    assert found, "The journeys need Chromium. Run `make test`, which installs it, or name a browser in TIMONEL_BROWSER."
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    """The scene, in a database that the server sees too."""
    return aside(fill)


@pytest.fixture
def context(browser: Browser, server: Server, transactional_db: None) -> Iterator[BrowserContext]:
    """One person's browser window; closed before the database is emptied, for a page asks on as long as it is open."""
    made = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 900})
    made.set_default_timeout(10_000)
    yield made
    made.close()
    aside(_until_nobody_asks)


@pytest.fixture
def page(context: BrowserContext, scene: Scene) -> Iterator[Page]:
    """A page that fails its test when a script fails in it or the content security policy has to stop something."""
    troubles: list[str] = []
    made = context.new_page()
    made.on("pageerror", lambda error: troubles.append(str(error)))
    made.on("console", lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None)
    yield made
    assert troubles == []


def sign_in(page: Page, username: str, to: str = "/") -> None:
    """Sign in as a person would, then go to a page."""
    page.goto(to)
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{to}")


def live(page: Page) -> None:
    """Wait until the page hears the bell."""
    page.wait_for_selector("html[data-live=on]", state="attached")


def aside(work: Callable[..., T], *arguments: object) -> T:
    """Do something in the database as another process would: in a thread of its own, committed, its bell rung."""

    def do() -> T:
        try:
            return work(*arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(do).result(60)


def _until_nobody_asks() -> None:
    """Wait for the last answers of the server: emptying tables beside a request can end in a deadlock."""
    end = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(ASKING)
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)


def _with_database(name: str) -> str:
    """The address of the test's own database."""
    url = str(settings.DATABASE_URL)
    own = str(database_from_url(url)["NAME"])
    head, _, tail = url.rpartition(f"/{own}")
    return f"{head}/{name}{tail}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
