"""How projects of every kind name their dependencies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workloads.projects import write_paths
from workloads.source import requirements
from workloads.source.requirements import Found

UV_LOCK = '[[package]]\nname = "django"\nversion = "5.2.1"\nsource = { registry = "https://pypi.org/simple" }\n'


def find(folder: Path, **files: str) -> Found:
    write_paths(folder, {name.replace("__", "/").replace("_txt", ".txt"): text for name, text in files.items()})
    return requirements.find(folder, folder)


def paths(folder: Path, files: dict[str, str]) -> Found:
    write_paths(folder, files)
    return requirements.find(folder, folder)


def test_a_requirements_file_with_what_it_includes(tmp_path: Path) -> None:
    found = paths(
        tmp_path, {"requirements.txt": "-r requirements/prod.txt\n", "requirements/prod.txt": "Django==4.2.1 # web\npsycopg2\n"}
    )
    assert found.requirements.manager == "pip"
    assert found.requirements.files == ("requirements.txt", "requirements/prod.txt")
    assert found.requirements.names == ("django", "psycopg2")
    assert found.django == "==4.2.1"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_files_of_odd_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "requirements.txt").write_bytes("Django==3.2\r\n# José\r\n".encode(encoding))
    assert requirements.find(tmp_path, tmp_path).django == "==3.2"


def test_production_is_preferred_and_development_set_aside(tmp_path: Path) -> None:
    found = paths(
        tmp_path,
        {
            "requirements/base.txt": "django\n",
            "requirements/local.txt": "-r base.txt\ndjango-debug-toolbar\n",
            "requirements/production.txt": "-r base.txt\ngunicorn\n",
        },
    )
    assert found.requirements.files[0] == "requirements/production.txt"
    assert found.requirements.dev_files == ("requirements/local.txt",)
    assert found.dev_names == {"django-debug-toolbar"}


def test_hashes_options_continuations_and_markers_are_understood(tmp_path: Path) -> None:
    hashes = " \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb"
    text = f"--require-hashes\ndjango==5.2{hashes}\ntzdata==2025.1 ; sys_platform == 'win32'\n"
    found = find(tmp_path, requirements_txt=text)
    assert found.requirements.names == ("django", "tzdata")
    assert found.requirements.locked


def test_addresses_are_told_apart_from_indexes(tmp_path: Path) -> None:
    text = "django\ngit+https://github.com/a/b.git@main#egg=b\nthing @ https://example.org/thing.zip\n-e git+ssh://git@example.org/c.git#egg=c\n"
    assert len(find(tmp_path, requirements_txt=text).requirements.unpinned_sources) == 3


def test_an_index_of_its_own_needs_leave_too(tmp_path: Path) -> None:
    found = find(
        tmp_path, requirements_txt="--extra-index-url https://pypi.example.org/simple\n-i https://pypi.org/simple\ndjango\n"
    )
    assert found.requirements.unpinned_sources == ("index https://pypi.example.org/simple",)


def test_the_project_itself_as_a_requirement_is_no_address(tmp_path: Path) -> None:
    assert find(tmp_path, requirements_txt="-e .\n./vendor/thing\ndjango\n").requirements.unpinned_sources == ()


def test_an_included_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert any("gone.txt" in note for note in find(tmp_path, requirements_txt="-r gone.txt\ndjango\n").notes)


def test_pip_tools_are_recognised_by_their_source(tmp_path: Path) -> None:
    found = paths(tmp_path, {"requirements.in": "django\n", "requirements.txt": "django==5.2.1\n"})
    assert (found.requirements.manager, found.requirements.locked) == ("pip-tools", True)


def test_uv(tmp_path: Path) -> None:
    pyproject = (
        '[project]\nname = "x"\nrequires-python = ">=3.11"\ndependencies = ["django>=5"]\n[dependency-groups]\ndev = ["pytest"]\n'
    )
    found = paths(tmp_path, {"pyproject.toml": pyproject, "uv.lock": UV_LOCK})
    assert (found.requirements.manager, found.django, found.python) == ("uv", "==5.2.1", ">=3.11")
    assert found.requirements.dev_groups == ("dev",)
    assert found.dev_names == {"pytest"}


def test_an_address_that_only_development_needs_asks_no_leave(tmp_path: Path) -> None:
    pyproject = '[project]\nname = "x"\ndependencies = ["django>=5"]\n[dependency-groups]\ndev = ["stubs"]\n'
    stubs = '[[package]]\nname = "stubs"\nversion = "1"\nsource = { git = "https://git.example.org/stubs.git#1" }\n'
    found = paths(tmp_path, {"pyproject.toml": pyproject, "uv.lock": UV_LOCK + stubs})
    assert found.requirements.unpinned_sources == ()
    needed = UV_LOCK + 'dependencies = [{ name = "stubs" }]\n' + stubs
    assert paths(tmp_path, {"uv.lock": needed}).requirements.unpinned_sources == ("stubs @ https://git.example.org/stubs.git#1",)


def test_poetry(tmp_path: Path) -> None:
    pyproject = (
        '[tool.poetry.dependencies]\npython = "^3.8"\nDjango = "^3.2"\n'
        'fork = {git = "https://example.org/fork.git"}\n[tool.poetry.dev-dependencies]\nblack = "*"\n'
    )
    found = paths(tmp_path, {"pyproject.toml": pyproject, "requirements.txt": "unrelated\n"})
    assert (found.requirements.manager, found.python, found.django) == ("poetry", ">=3.8,<4", ">=3.2,<4")
    assert found.requirements.unpinned_sources == ("fork @ https://example.org/fork.git",)


def test_pipenv_with_and_without_a_lock(tmp_path: Path) -> None:
    pipfile = '[packages]\ndjango = "~=2.2"\n[requires]\npython_version = "3.7"\n'
    loose = paths(tmp_path, {"Pipfile": pipfile})
    assert (loose.requirements.manager, loose.requirements.locked, loose.python, loose.django) == ("pipenv", False, "3.7", "~=2.2")
    lock = {"default": {"django": {"version": "==2.2.28"}}, "develop": {}}
    locked = paths(tmp_path, {"Pipfile.lock": json.dumps(lock)})
    assert (locked.requirements.locked, locked.django) == (True, "==2.2.28")


def test_setuptools_by_pyproject_and_by_setup(tmp_path: Path) -> None:
    modern = paths(tmp_path / "a", {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["Django>=4.2,<5"]\n'})
    assert (modern.requirements.manager, modern.django) == ("setuptools", "<5,>=4.2")
    old = paths(tmp_path / "b", {"setup.py": 'from setuptools import setup\nsetup(install_requires=[\n"Django>=2.0",\n"pytz"])\n'})
    assert set(old.requirements.names) >= {"django"}


def test_the_file_a_dockerfile_installs_is_the_projects_word(tmp_path: Path) -> None:
    files = {
        "Pipfile": '[packages]\ndjango = "*"\n',
        "requirements.txt": "django==5.2\n",
        "Dockerfile": "FROM python:3.12\nRUN pip install -r requirements.txt\n",
    }
    assert paths(tmp_path, files).requirements.manager == "pip"


def test_requirements_of_the_repository_serve_a_project_in_a_folder(tmp_path: Path) -> None:
    write_paths(tmp_path, {"requirements.txt": "django\n", "backend/manage.py": ""})
    assert requirements.find(tmp_path / "backend", tmp_path).requirements.files == ("../requirements.txt",)


def test_nothing_named_is_none(tmp_path: Path) -> None:
    assert requirements.find(tmp_path, tmp_path).requirements.manager == "none"


@pytest.mark.parametrize(
    ("poetry", "standard"),
    [
        ("^3.8", ">=3.8,<4"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        (">=3.8,<3.12", ">=3.8,<3.12"),
        ("*", ""),
    ],
)
def test_the_carets_and_tildes_of_poetry_are_translated(poetry: str, standard: str) -> None:
    assert requirements.caret(poetry) == standard
