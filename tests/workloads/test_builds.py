"""Applications are built for real: real interpreters, a real installer, real failures."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from controlplane.core.errors import Invalid, Refused
from tests.workloads.projects import SETTINGS, project, write_paths
from workloads import builds
from workloads.adapters import toolchain
from workloads.building import failures, inputs
from workloads.building.failures import BuildFailed
from workloads.builds import BuiltEnvironment
from workloads.source.project import Project, Step
from workloads.source.understand import understand

TINY = "iniconfig==2.0.0\n"
CATALOGUE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "b"\n'


class Heard(list[str]):
    """What was told while building."""

    def __call__(self, text: str, *, kind: str = "note", level: str = "info") -> None:
        self.append(text)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def data(settings: LazySettings, tmp_path: Path, cache: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "cache").symlink_to(cache)
    return Path(settings.DATA_DIR)


def shop(folder: Path, requirements: str = TINY, **files: str) -> tuple[Path, Project]:
    folder = project(folder, requirements=requirements, **files)
    return folder, understand(folder)


def build(source: Path, found: Project, say: Heard | None = None, *, allow_unpinned: bool = False) -> BuiltEnvironment:
    return builds.environment(
        source,
        found,
        allow_unpinned=allow_unpinned,
        say=Heard() if say is None else say,
        cancelled=lambda: False,
        deadline=time.monotonic() + 300,
    )


def artefact(
    source: Path, found: Project, built: BuiltEnvironment, steps: list[Step], cancelled: Callable[[], bool] = lambda: False
) -> builds.Artefact:
    return builds.artefact(source, found, built, steps, say=Heard(), cancelled=cancelled, deadline=time.monotonic() + 120)


def test_an_environment_is_built_once_and_holds_what_was_asked_and_a_server(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop")
    first, second = build(source, found), build(source, found)
    assert (first.cached, second.cached) == (False, True)
    assert first.digest == second.digest
    assert first.added == second.added == ("gunicorn",)
    assert {"iniconfig", "gunicorn"} <= builds.distributions(second)
    assert "iniconfig==2.0.0" in builds.frozen(second)
    subprocess.run([first.python_path, "-c", "import iniconfig, timonel_static"], check=True, cwd="/")


def test_the_digest_follows_what_is_asked_and_not_the_rest(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop")
    python = toolchain.find_python("")
    before = builds.lock_digest(source, found, python)
    write_paths(source, {"shop/views.py": "x = 1\n"})
    assert builds.lock_digest(source, understand(source), python) == before
    write_paths(source, {"requirements.txt": "iniconfig==2.1.0\n"})
    assert builds.lock_digest(source, understand(source), python) != before


def test_many_who_ask_at_once_get_one_build(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop")
    results: list[BuiltEnvironment] = []
    threads = [threading.Thread(target=lambda: results.append(build(source, found))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.cached for result in results].count(False) == 1
    assert len({result.digest for result in results}) == 1


def test_who_waited_for_a_build_that_failed_hears_the_same_reason(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop", "no-such-distribution-at-all==9.9\n")
    reasons: list[str] = []
    heard = Heard()

    def ask() -> None:
        try:
            build(source, found, heard)
        except BuildFailed as error:
            reasons.append(error.message)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reasons) == 3
    assert len(set(reasons)) == 1
    assert "no-such-distribution-at-all" in reasons[0]
    assert len([line for line in heard if line.startswith("Installing")]) == 1


def test_a_dependency_from_an_address_needs_leave(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop", "thing @ git+https://git.example.org/thing.git\n")
    with pytest.raises(Refused, match=r"git\.example\.org"):
        build(source, found)


def test_a_python_that_is_not_here_stops_the_build(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop", **{".python-version": "3.99\n"})
    with pytest.raises(Invalid, match=r"3\.99"):
        build(source, found)


def test_requirements_in_the_encoding_of_a_windows_shell_are_installed(tmp_path: Path) -> None:
    source = project(tmp_path / "shop")
    (source / "requirements.txt").write_bytes("iniconfig==2.0.0\r\n".encode("utf-16"))
    assert "iniconfig" in builds.distributions(build(source, understand(source)))


def test_a_package_of_the_repository_is_installed_and_changes_the_digest(tmp_path: Path) -> None:
    files = {
        "vendor/tools/pyproject.toml": '[project]\nname = "shop-tools"\nversion = "1"\n',
        "vendor/tools/shop_tools.py": "COLOUR = 'red'\n",
    }
    source, found = shop(tmp_path / "shop", "-e ./vendor/tools\n", **files)
    built = build(source, found)
    subprocess.run([built.python_path, "-c", "import shop_tools"], check=True, cwd="/")
    write_paths(source, {"vendor/tools/shop_tools.py": "COLOUR = 'blue'\n"})
    assert builds.lock_digest(source, found, toolchain.find_python(built.python)) != built.digest


def test_an_example_project_gets_the_package_it_is_an_example_of(tmp_path: Path) -> None:
    settings = SETTINGS.replace('"shop"', '"widgets"')
    root = write_paths(
        tmp_path / "widgets",
        {
            "pyproject.toml": '[project]\nname = "widgets"\nversion = "1"\n[tool.setuptools]\npackages = ["widgets"]\n',
            "widgets/__init__.py": "",
            "requirements.txt": TINY,
        },
    )
    project(root / "example", settings, **{"requirements.txt": "-", "shop/__init__.py": "-"})
    built = build(root, understand(root))
    subprocess.run([built.python_path, "-c", "import widgets"], check=True, cwd="/")


def test_a_build_script_that_lacks_a_module_is_helped_or_named(tmp_path: Path) -> None:
    files = {
        "vendor/old/setup.py": "import iniconfig\nfrom setuptools import setup\nsetup(name='old-thing', version='1')\n",
        "vendor/old/old_thing.py": "",
    }
    source, found = shop(tmp_path / "shop", "./vendor/old\niniconfig==2.0.0\n", **files)
    try:
        built = build(source, found)
    except BuildFailed as error:
        assert "iniconfig" in error.message
    else:
        assert any("iniconfig" in note for note in built.notes)


def test_contradicting_pins_are_taken_at_their_word_and_told(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop", "django==4.2.1\nasgiref==3.3.0\n")
    built = build(source, found)
    assert "asgiref==3.3.0" in builds.frozen(built)
    assert any("taken at their word" in note for note in built.notes)


def test_a_poetry_project_is_installed_as_it_is_locked(tmp_path: Path) -> None:
    lock = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in (("iniconfig", "1.1.1"), ("tomli", "2.0.1"))
    )
    pyproject = (
        '[tool.poetry.dependencies]\npython = "^3.8"\niniconfig = "^1.0"\ntomli = {version = "*", platform = "win32"}\n'
        '[tool.poetry.group.dev.dependencies]\nblack = "*"\n'
    )
    files = {"requirements.txt": "-", "pyproject.toml": pyproject, "poetry.lock": lock}
    source, found = shop(tmp_path / "shop", **files)
    assert {"iniconfig==1.1.1"} == {
        line for line in builds.frozen(build(source, found)).splitlines() if line[:5] in {"inico", "tomli", "black"}
    }


def test_a_pipenv_project_is_installed_as_it_is_locked(tmp_path: Path) -> None:
    lock = {
        "default": {"iniconfig": {"version": "==1.1.1", "markers": "python_version >= '3'"}},
        "develop": {"tomli": {"version": "==2.0.1"}},
    }
    files = {"requirements.txt": "-", "Pipfile": '[packages]\niniconfig = "*"\n', "Pipfile.lock": json.dumps(lock)}
    source, found = shop(tmp_path / "shop", **files)
    installed = builds.frozen(build(source, found))
    assert "iniconfig==1.1.1" in installed
    assert "tomli" not in installed


def test_the_test_environment_has_the_development_requirements_and_coverage(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop", **{"requirements-dev.txt": "-r requirements.txt\ntomli==2.0.1\n"})
    built = builds.test_environment(
        source, found, allow_unpinned=False, say=Heard(), cancelled=lambda: False, deadline=time.monotonic() + 300
    )
    assert {"iniconfig", "tomli", "coverage"} <= builds.distributions(built)
    assert built.digest != builds.lock_digest(source, found, toolchain.find_python(built.python))


def test_a_development_requirement_that_cannot_be_had_does_not_stop_the_tests(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop", **{"requirements-dev.txt": "no-such-distribution-at-all==9.9\ntomli==2.0.1\n"})
    built = builds.test_environment(
        source, found, allow_unpinned=False, say=Heard(), cancelled=lambda: False, deadline=time.monotonic() + 300
    )
    assert "coverage" in builds.distributions(built)
    assert any("no-such-distribution-at-all" in note for note in built.notes)


def test_an_artefact_holds_the_source_with_its_steps_done_and_is_made_once(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop")
    built = build(source, found)
    step = Step("assets", ("python", "-c", "open('made.css', 'w').write('body {}')"), "build")
    first, second = artefact(source, found, built, [step]), artefact(source, found, built, [step])
    assert (first.cached, second.cached) == (False, True)
    assert (first.folder / "source" / "made.css").read_text() == "body {}"
    assert (first.folder / "environment" / "bin" / "python").exists()
    assert (first.folder / "source" / "manage.py").stat().st_mode & 0o222 == 0
    assert not (source / "made.css").exists()


def test_an_artefact_follows_the_source_and_the_steps(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop")
    built = build(source, found)
    first = artefact(source, found, built, [])
    write_paths(source, {"shop/views.py": "x = 1\n"})
    second = artefact(source, found, built, [])
    third = artefact(source, found, built, [Step("x", ("python", "-c", ""), "build")])
    assert len({first.digest, second.digest, third.digest}) == 3


def test_what_running_leaves_in_the_source_makes_no_other_artefact(tmp_path: Path) -> None:
    source, found = shop(tmp_path / "shop")
    built = build(source, found)
    first = artefact(source, found, built, [])
    write_paths(source, {"shop/__pycache__/views.pyc": "x", "db.sqlite3": "", ".coverage": "x"})
    assert artefact(source, found, built, []).digest == first.digest
    assert not (first.folder / "source" / "db.sqlite3").exists()


def test_what_python_itself_brings_is_not_installed(tmp_path: Path) -> None:
    source = project(tmp_path, requirements="django==5.2\nwsgiref==0.1.2\n")
    assert inputs.collect(source, understand(source, "")).names == {"django"}


def test_a_package_brings_its_group_of_test_requirements(tmp_path: Path) -> None:
    pyproject = (
        '[project]\nname = "shop"\nversion = "1"\ndependencies = ["django==5.2"]\n'
        '[build-system]\nrequires = ["setuptools"]\n[dependency-groups]\ntest = ["freezegun"]\n'
    )
    source = project(tmp_path, **{"pyproject.toml": pyproject, "requirements.txt": "-"})
    assert "freezegun" in inputs.collect(source, understand(source, ""), dev=True).names


def test_a_failing_step_leaves_nothing_and_says_its_last_word(tmp_path: Path, data: Path) -> None:
    source, found = shop(tmp_path / "shop")
    built = build(source, found)
    step = Step("assets", ("python", "-c", "raise SystemExit('error: no such theme')"), "build")
    with pytest.raises(BuildFailed, match="no such theme") as failure:
        artefact(source, found, built, [step])
    assert "no such theme" in failure.value.log
    assert not [path for path in (data / "artefacts").iterdir() if path.is_dir() and path.suffix != ".part"]


def test_nothing_of_timonels_environment_reaches_a_build_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMONEL_SECRET_KEY", "do-not-tell")
    source, found = shop(tmp_path / "shop")
    step = Step("show", ("python", "-c", "import os; print(dict(os.environ))"), "build")
    assert "do-not-tell" not in artefact(source, found, build(source, found), [step]).log


def test_translations_are_compiled_without_loading_the_settings(tmp_path: Path) -> None:
    files = {
        "locale/de/LC_MESSAGES/django.po": CATALOGUE,
    }
    source, found = shop(tmp_path / "shop", "django~=5.2.0\n", **files)
    made = artefact(source, found, build(source, found), list(found.steps))
    compiled = made.folder / "source" / "locale" / "de" / "LC_MESSAGES" / "django.mo"
    assert compiled.exists() or "msgfmt" in made.log


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        ("Failed to build `psycopg2==2.9`\nError: pg_config executable not found.", "headers", "libpq-dev"),
        ("Failed to build `mysqlclient==2.2`\nmysql_config not found", "headers", "libmysql"),
        ("Failed to build `x==1`\nfatal error: ldap.h: No such file or directory", "headers", "libldap2-dev"),
        ("Failed to build `x==1`\nerror in x setup command: use_2to3 is invalid.", "backend", "older Python"),
        ("Failed to build `x==1`\nImportError: cannot import name 'convert_path' from 'setuptools'", "backend", "too old"),
        ("Failed to build `x==1`\nModuleNotFoundError: No module named 'numpy'", "needs_at_build", "wheel"),
        ("error: Failed to fetch: `https://pypi.org/simple/x/`\n dns error", "network", "network"),
        ("× No solution found when resolving dependencies:\n╰─▶ Because a==1 depends on b>=2 and you require b==1, we can\n"
         "conclude that your requirements are unsatisfiable.", "conflict", "pins"),
        ("× No solution found\n╰─▶ Because there is no version of django==99 and you require django==99, your requirements are "
         "unsatisfiable.", "absent", "exists"),
    ],
)  # fmt: skip
def test_a_failure_is_explained_with_its_cure(output: str, kind: str, words: str) -> None:
    found = failures.explain(output)
    assert found.kind == kind
    assert words in f"{found.message} {found.cure}"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("npm error EBADDEVENGINES   current: { name: 'node', version: 'v20.1.0' },\nnpm error EBADDEVENGINES   "
         "required: { name: 'node', version: '^24.0.0', onFail: 'error' }", "needs Node.js ^24.0.0; v20.1.0 is installed"),
        ('The engine "node" is incompatible with this module. Expected version ">=22". Got "20.1.0"', "needs Node.js >=22"),
        ("npm error code E1\nnpm error the bundler failed to write\nnpm error A complete log of this run: /x",
         "npm error the bundler failed to write"),
        ("sh: 1: gulp: not found", "needs gulp"),
    ],
)  # fmt: skip
def test_a_failing_step_is_explained_by_the_line_that_tells(output: str, words: str) -> None:
    message, cure = failures.explain_step("npm install", output, "exit code 1")
    assert words in message
    assert cure
