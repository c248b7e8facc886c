"""The installer that `make` runs before anything else is there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with its files in a temporary folder and an interpreter that stands for .venv's."""
    found = importlib.util.spec_from_file_location("install", ROOT / "requirements" / "install.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "base.txt").write_text("uv==1.2.3\n")
    for name, value in (("HERE", tmp_path), ("VENV", tmp_path), ("PYTHON", tmp_path / "bin" / "python")):
        monkeypatch.setattr(module, name, value)
    return module


def counting(installed: list[list[Path]]) -> Callable[[list[Path]], None]:
    return installed.append


def test_nothing_is_installed_twice_and_a_changed_line_installs_again(
    installer: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[list[Path]] = []
    monkeypatch.setattr(installer, "install", counting(installed))
    installer.main(["base"])
    installer.main(["base"])
    assert len(installed) == 1
    (installer.HERE / "base.txt").write_text("uv==1.2.4\n")
    installer.main(["base"])
    assert len(installed) == 2


def test_a_failed_installation_is_not_taken_for_done(installer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "succeeds", lambda *_: False)
    monkeypatch.setattr(installer, "make_environment", lambda: None)
    with pytest.raises(SystemExit, match="Cure: Check that the package index"):
        installer.main(["base"])
    assert not list(installer.VENV.glob(".installed-*"))


def test_pip_goes_on_where_uv_does_not_run(installer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def succeeds(command: list[str], environment: object = None) -> bool:
        commands.append(command)
        return "uv" not in command[0] and "uv==1.2.3" not in command

    monkeypatch.setattr(installer, "succeeds", succeeds)
    installer.install([installer.HERE / "base.txt"])
    assert commands[-1][1:3] == ["-m", "pip"]
    assert str(installer.HERE / "base.txt") in commands[-1]


def test_what_pip_was_told_of_indexes_uv_is_told_too(installer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.org/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    assert installer.uv_environment()["UV_DEFAULT_INDEX"] == "https://index.example.org/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example.org")
    assert installer.uv_environment()["UV_DEFAULT_INDEX"] == "https://other.example.org"


def test_a_python_without_venv_is_told_the_package_that_brings_it(installer: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"Cure: On Debian and Ubuntu: apt install python3\.\d+-venv"):
        installer.explain_no_environment("Error: ensurepip is not available")


def test_an_old_python_is_told_that_it_is_too_old(installer: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "OLDEST", (4, 0))
    monkeypatch.setattr(installer, "NEWER", ())
    with pytest.raises(SystemExit, match="make demo PYTHON="):
        installer.use_a_new_enough_python()


def test_every_requirement_is_pinned_and_says_what_for() -> None:
    for name in ("base", "dev"):
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        assert all("==" in line for line in lines if line and not line.startswith((" ", "#", "-"))), name
        asked = [line for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines() if line and line[0] not in "#-"]
        assert all("#" in line for line in asked), name


def test_make_help_lists_the_commands() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    for command in ("demo", "test", "check", "test-slow", "bench", "lock"):
        assert f"make {command} " in done.stdout
