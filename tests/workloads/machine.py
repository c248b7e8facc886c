"""Fixtures: a tiny real application, its environment, and a real host in a process of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection

from workloads.host.ports import free_port
from workloads.models import Application, Environment, Instance, Release

LITTLE = Path(__file__).parent / "little"
REQUIREMENTS = ["django>=5.2,<5.3", "gunicorn>=23", "uvicorn>=0.34", "websockets>=15", "psycopg[binary]>=3.2"]
WEB = [
    "gunicorn",
    "site_wsgi:application",
    "--bind",
    "127.0.0.1:{port}",
    "--workers",
    "2",
    "--threads",
    "4",
    "--graceful-timeout",
    "20",
]
PLAN = {
    "settings_module": "site_settings",
    "processes": {"web": WEB},
    "release_steps": [{"name": "migrate", "run": ["python", "manage.py", "migrate", "--noinput"], "when": "release"}],
    "health_path": "/health/",
    "pages": ["/"],
}
CONFIGURATION: Any = {
    "SECRET_KEY": {"binding": "secret_key", "secret": True},
    "ALLOWED_HOSTS": {"binding": "hosts", "secret": False},
    "DATABASE_URL": {"binding": "database.url", "secret": True},
}


@dataclass
class Host:
    """The daemon as an operating system process."""

    variables: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        root = Path(django_settings.BASE_DIR)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(root / "manage.py"), "host"],
                cwd=root,
                env={**os.environ, **self.variables},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@dataclass
class Machine:
    """One environment on a real host, with releases of the little application to roll out."""

    host: Host
    environment: Environment
    data: Path
    venv: Path
    said: list[str] = field(default_factory=list)
    web: ClassVar[list[str]] = WEB
    plan: ClassVar[dict[str, Any]] = PLAN

    def say(self, text: str, *, kind: str = "note", level: str = "info") -> None:
        self.said.append(text)

    def release(self, version: str, files: dict[str, str] | None = None, **plan: Any) -> Release:
        """A release of the little application that calls itself by this version."""
        content = {"version.py": f'VERSION = "{version}"\n', **(files or {})}
        digest = hashlib.sha256(repr((version, files, plan)).encode()).hexdigest()
        folder = self.data / "artefacts" / digest
        if not folder.exists():
            shutil.copytree(LITTLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
            for name, text in content.items():
                (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / "source" / name).write_text(text)
            (folder / "environment").symlink_to(self.venv)
        plan = {**PLAN, **plan}
        return Release.objects.create(
            application=self.environment.application,
            ref=version,
            commit=digest[:40],
            artefact_digest=digest,
            configuration_digest="0" * 64,
            configuration=CONFIGURATION,
            run_plan=plan,
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.environment.port}"

    def instance(self, pk: int | None) -> Instance:
        assert pk is not None
        return Instance.objects.get(pk=pk)


def eventually(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """What `holds` answers once it is true."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def little_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with Django and web servers, made by uv once a session."""
    folder = tmp_path_factory.mktemp("little") / "venv"
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python"), *REQUIREMENTS], check=True)
    return folder


@pytest.fixture
def machine(transactional_db: None, little_venv: Path, tmp_path: Path, settings: Any) -> Iterator[Machine]:
    """A host that runs, and an environment nothing was deployed to yet."""
    settings.DATA_DIR = tmp_path / "data"
    application = Application.objects.create(name="little", repository="/nowhere")
    environment = Environment.objects.create(application=application, name="local", port=free_port(), secret_key="k" * 50)
    variables = {
        "DATABASE_URL": database_url(),
        "TIMONEL_DATA": str(settings.DATA_DIR),
        "DJANGO_SETTINGS_MODULE": "controlplane.settings.test",
    }
    host = Host(variables, tmp_path / "host.log")
    host.start()
    try:
        yield Machine(host, environment, settings.DATA_DIR, little_venv)
    finally:
        if host.process is not None and host.process.poll() is None:
            host.stop()
        print(host.log.read_text())


def database_url() -> str:
    """The address of the database that the tests use."""
    parts = urlsplit(django_settings.DATABASE_URL)
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
