"""The containers say the same as the supervisor: real programs, real files, nothing as root, nothing undeclared."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from controlplane.embedded import programs
from controlplane.embedded.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
OURS = ("init", "web", "worker", "beat", "host")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def test_the_same_processes_run_as_under_the_supervisor(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, "postgres", "valkey", "applications-valkey"}
    folder = Folder(Path("/data"))
    for program in (programs.web(folder, 8000), programs.worker(folder), programs.beat(folder)):
        ours = " ".join(compose["services"][program.name]["command"])
        for word in program.command[1:4]:
            assert word in ours, program.name


def test_every_command_of_manage_py_exists(compose: dict[str, Any]) -> None:
    commands = [service["command"] for service in compose["services"].values() if service["command"][0] == "manage.py"]
    assert commands
    assert all(command[1] in get_commands() for command in commands)


def test_everything_named_is_declared(compose: dict[str, Any]) -> None:
    services, volumes = compose["services"], compose["volumes"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert {mount.split(":")[0] for mount in service.get("volumes", [])} <= set(volumes), name
        assert "image" in service, name
    waited_for = [
        n for s in services.values() for n, how in s.get("depends_on", {}).items() if how["condition"] == "service_healthy"
    ]
    assert all("healthcheck" in services[name] for name in waited_for)


def test_ours_may_not_gain_rights_and_listen_on_this_machine_only(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_the_first_password_reaches_init_only(compose: dict[str, Any]) -> None:
    holders = {name for name, service in compose["services"].items() if "TIMONEL_ADMIN_PASSWORD" in service.get("environment", {})}
    assert holders == {"init"}


def test_the_image_is_made_of_what_exists_and_does_not_run_as_root() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    last_stage = text[text.rindex("\nFROM ") :]
    copied = re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE)
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER (?!root|0\b)\w+", last_stage, re.MULTILINE)
    rooms = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} - {"tests"}
    assert rooms <= set(copied)


def test_docker_compose_understands_it() -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker compose here")
    done = subprocess.run(["docker", "compose", "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
