"""The sample: a deterministic repository, and each version as its README says, tried with its own requirements."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from controlplane.core.errors import Invalid
from workloads import described, sample, schema
from workloads.adapters.fast_import import git
from workloads.described import Inside

TAGS = ["v1", "v2", "v3", "v4", "v5"]


def hashes(repository: Path) -> list[str]:
    return git("rev-parse", *TAGS, folder=repository).split()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample.materialise(tmp_path_factory.mktemp("sample") / "harbour")


@pytest.fixture(scope="module")
def python(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the sample's own pinned requirements."""
    folder = tmp_path_factory.mktemp("sample-venv") / "venv"
    uv = str(Path(sys.executable).with_name("uv"))
    interpreter = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    requirements = str(repository / "requirements.txt")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(interpreter), "-r", requirements], check=True)
    return interpreter


class Copy:
    """One version in a folder of its own, with SQLite beside it, run as its users would run it."""

    def __init__(self, repository: Path, tag: str, folder: Path, python: Path) -> None:
        git("worktree", "add", "--quiet", "--detach", str(folder), tag, folder=repository)
        self.folder, self.python = folder, python

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {"PATH": os.environ["PATH"], "SECRET_KEY": "of-the-test", **environment}
        command = [str(self.python), *arguments]
        return subprocess.run(command, cwd=self.folder, env=plain, capture_output=True, text=True, timeout=60, check=False)

    def manage(self, *arguments: str, **environment: str) -> str:
        done = self.run("manage.py", *arguments, **environment)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def open(self) -> None:
        self.manage("migrate", "--verbosity=0")
        self.manage("open_harbour")
        self.manage("collectstatic", "--noinput", "--verbosity=0")

    def status(self, *addresses: str) -> list[int]:
        """What production settings answer, asked through the WSGI application itself."""
        ask = (
            "from harbour.wsgi import application; from django.test import Client; import sys;"
            "ask = Client(raise_request_exception=False, headers={'host': 'localhost'});"
            "print(*[ask.get(a).status_code for a in sys.argv[1:]])"
        )
        done = self.run("-c", ask, *addresses)
        assert done.returncode == 0, done.stderr[-2000:]
        return [int(code) for code in done.stdout.split()]


@pytest.fixture
def version(repository: Path, python: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Copy:
    return Copy(repository, request.param, tmp_path / request.param, python)


def of(*tags: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("version", tags, indirect=True)


def test_the_repository_has_the_same_hashes_wherever_it_is_made(repository: Path, tmp_path: Path) -> None:
    assert hashes(sample.materialise(tmp_path / "elsewhere")) == hashes(repository)


def test_making_it_again_changes_nothing_that_a_person_did(tmp_path: Path) -> None:
    folder = sample.materialise(tmp_path / "harbour")
    before = hashes(folder)
    (folder / "Procfile").write_text("web: mine\n")
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-am", "Mine", folder=folder)
    (folder / "README.md").write_text("not committed")
    mine = git("rev-parse", "main", folder=folder)
    git("tag", "--delete", "v4", folder=folder)
    assert sample.materialise(folder) == folder
    assert hashes(folder) == before
    assert git("rev-parse", "main", folder=folder) == mine
    assert (folder / "README.md").read_text() == "not committed"


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Invalid, match="not empty"):
        sample.materialise(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_main_is_the_last_good_version_and_each_fault_is_one_commit_on_it(repository: Path) -> None:
    assert git("rev-parse", "main", folder=repository).strip() == hashes(repository)[1]
    parents = git("rev-parse", "v2^", "v3^", "v4^", "v5^", folder=repository).split()
    assert parents == [hashes(repository)[0], *[hashes(repository)[1]] * 3]


@pytest.mark.parametrize("tag", ["v2", "v3", "v4", "v5"])
def test_an_overlay_holds_only_what_differs(tag: str, repository: Path) -> None:
    folder = Path(__file__).parents[2] / "deploy" / "sample" / tag
    overlay = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert set(git("diff", "--name-only", f"{tag}^", tag, folder=repository).split()) == overlay


@of("v1", "v2")
def test_a_good_version_passes_its_tests_and_answers(version: Copy) -> None:
    tests = version.run("manage.py", "test")
    assert tests.returncode == 0, tests.stderr[-2000:]
    assert int(tests.stderr.split("Ran ")[1].split()[0]) >= 18
    version.manage("makemigrations", "--check", "--dry-run")
    version.open()
    assert version.status("/", "/healthz", "/vessels/", "/visits/announce/", "/admin/login/") == [200] * 5


@of("v3")
def test_v3_passes_its_tests_and_then_answers_500_everywhere(version: Copy) -> None:
    version.manage("test")
    version.open()
    assert version.status("/", "/healthz") == [500, 500]


@of("v4")
def test_v4_fails_the_test_of_the_rule_it_breaks(version: Copy) -> None:
    done = version.run("manage.py", "test")
    assert done.returncode == 1
    assert "FAIL: test_a_vessel_longer_than_the_berth_is_refused" in done.stderr


@of("v5")
def test_v5_passes_its_tests_and_breaks_the_v2_that_runs(version: Copy, repository: Path, python: Path, tmp_path: Path) -> None:
    version.manage("test")
    running = Copy(repository, "v2", tmp_path / "running", python)
    running.open()
    assert running.status("/") == [200]
    version.manage("migrate", "--verbosity=0", DATABASE_URL=f"sqlite:///{running.folder / 'db.sqlite3'}")
    assert running.status("/") == [500]


@of("v2")
def test_its_tests_pass_on_postgresql_too(version: Copy) -> None:
    server = urlsplit(os.environ["DATABASE_URL"])
    version.manage("test", DATABASE_URL=server._replace(path="/harbour").geturl())  # not our own test database


@of("v1")
def test_it_does_not_start_without_its_secret_key(version: Copy) -> None:
    done = version.run("-c", "import os; del os.environ['SECRET_KEY']; import harbour.settings")
    assert "KeyError: 'SECRET_KEY'" in done.stderr


@of("v2", "v5")
def test_timonel_sees_what_each_migration_does_to_the_version_that_runs(
    version: Copy, repository: Path, python: Path, tmp_path: Path
) -> None:
    running = Copy(repository, {"v2": "v1", "v5": "v2"}[version.folder.name], tmp_path / "running", python)
    running.open()
    variables = {"SECRET_KEY": "of-the-test", "DATABASE_URL": f"sqlite:///{running.folder / 'db.sqlite3'}"}
    reads = described.tables_read(Inside(python, running.folder, variables))
    pending = described.pending_migrations(Inside(python, version.folder, variables))
    classed = schema.classify_plan(pending.operations, schema.Situation(vendor=pending.vendor, reads=reads))
    breaking = [one for one in classed if schema.Kind.BREAKS_OLD_CODE in one.kinds]
    assert [one.migration for one in breaking] == {
        "v2": [],
        "v5": ["0003_rename_depth_m_berth_draught_limit_m"],
    }[version.folder.name]
