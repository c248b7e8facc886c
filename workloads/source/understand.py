"""Understanding a Django project: everything the later steps need to know, read from its files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from controlplane.core.errors import Invalid
from workloads.source import (
    bindings,
    choice,
    commands,
    django_versions,
    dotenv,
    files,
    imports,
    layout,
    pythons,
    requirements,
    routes,
    steps,
)
from workloads.source.layout import Layout
from workloads.source.project import Project, Read, Requirements
from workloads.source.requirements import Found
from workloads.source.settings import Settings

PYTEST_SIGNS = (
    ("pytest.ini", "[pytest]"),
    (".pytest.ini", "[pytest]"),
    ("pyproject.toml", "[tool.pytest"),
    ("setup.cfg", "[tool:pytest]"),
    ("tox.ini", "[pytest]"),
    ("conftest.py", "import"),
)
HIDDEN = "(a secret written in the source)"
BACKGROUND_APPS = {
    "huey.contrib.djhuey": ("run_huey",),
    "django_rq": ("rqworker", "default"),
    "django_q": ("qcluster",),
    "django_dramatiq": ("rundramatiq", "--processes", "1", "--threads", "2"),
    "background_task": ("process_tasks",),
    "django_tasks.backends.database": ("db_worker",),
}


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is established first and used by the rest."""

    repository: Path
    layout: Layout
    found: Found
    settings: Settings | None
    commands: commands.Commands

    @property
    def folder(self) -> Path:
        return self.layout.folder

    @property
    def places(self) -> list[Path]:
        """The folder of manage.py and those above it, up to the repository."""
        return [self.folder, *[place for place in self.folder.parents if place.is_relative_to(self.repository)]]


def understand(folder: Path, subfolder: str = "") -> Project:
    """Read the project in the folder; nothing of it is run. Invalid when there is no Django project, or not one of Python 3."""
    repository = folder.resolve()
    where = layout.find(repository, subfolder)
    _refuse_python_2(where)
    found = requirements.find(where.folder, repository)
    decided = choice.choose(where, found)
    found = requirements.with_development(found) if decided.development else found
    ground = _Ground(repository, where, found, decided.settings, commands.read(where.folder, repository))
    notes = [*where.notes, *found.notes, *ground.commands.notes, *decided.notes, *_submodules(repository)]
    return _with_python(_described(ground, decided, notes), ground)


def _described(ground: _Ground, decided: choice.Choice, notes: list[str]) -> Project:
    settings, where, found = ground.settings, ground.layout, ground.found
    words = settings.words if settings else {}
    celery = _celery(ground)
    return Project(
        folder=files.relative(where.folder, ground.repository).removeprefix("."),
        manage=where.manage,
        settings_module=decided.module,
        settings_because=decided.because,
        settings_files=tuple(files.relative(path, where.folder) for path in (settings.files if settings else ())),
        wsgi=_entry_point(where.wsgi, settings, "WSGI_APPLICATION"),
        asgi=_entry_point(where.asgi, settings, "ASGI_APPLICATION"),
        requirements=found.requirements,
        django_version=found.django,
        reads=tuple(_hide(read) for read in (settings.reads if settings else ())),
        apps=settings.apps if settings else (),
        processes=_processes(ground),
        celery=celery,
        celery_beat=bool(celery) and _has_schedule(ground, words),
        steps=(
            *steps.build(where.folder, ground.repository, settings),
            *steps.release(where.roots, settings, ground.commands, where.manage),
        ),
        health_path=routes.health(where.roots, settings.text("ROOT_URLCONF") if settings else ""),
        tests=_tests(ground),
        database=settings.database if settings else "",
        committed_static=steps.committed_static(where.folder),
        data_folders=tuple(name for name in ground.commands.folders if not (where.folder / name).is_file()),
        samples=dotenv.samples(ground.places),
        env_file=dotenv.committed(ground.places[:2]),
        notes=tuple(dict.fromkeys([*notes, *_observations(ground, celery)])),
    )  # fmt: skip


def _with_python(project: Project, ground: _Ground) -> Project:
    """Add the Django and the Python that the project needs, guessed where it does not say."""
    needs, notes = project.requirements, list(project.notes)
    django = ground.found.django
    if not needs.names:
        needs, django = _guessed(needs, ground, notes)
    elif "django" not in needs.names and needs.manager in {"pip", "pip-tools", "pipenv", "setuptools", "poetry"}:
        notes.append("Django is not among the named requirements; another one is expected to bring it.")
    elif not needs.locked and (not django or not re.search(r"[<=~]", django)):
        age = django_versions.age(ground.folder)
        if age.before:
            needs, django = (
                replace(needs, guessed=(*needs.guessed, f"django<{age.before}")),
                f"{django + ',' if django else ''}<{age.before}",
            )
            notes.append(f"Django is asked for without an upper limit, but {age.because}: kept below {age.before}.")
    declared = (ground.found.python, ground.found.python_because)
    request, because, more = pythons.asked(ground.places, declared, django)
    return replace(
        project,
        requirements=needs,
        django_version=django,
        python_request=request,
        python_preferred=pythons.preferred(ground.places, django),
        python_because=because,
        notes=(*notes, *more),
    )


def _guessed(needs: Requirements, ground: _Ground, notes: list[str]) -> tuple[Requirements, str]:
    """The requirements of a project that names none: from its imports, and the Django that made its settings."""
    names = imports.guess(ground.folder, ground.settings.apps if ground.settings else ())
    source = "".join(files.text(path) for path in (ground.settings.files if ground.settings else ()))
    series, age = django_versions.started_with(source), django_versions.age(ground.folder)
    django = f"~={series}.0" if series else f"<{age.before}" if age.before else ""
    guessed = tuple(f"django{django}" if name == "django" else name for name in names)
    why = f"; its settings were made by Django {series}" if series else ""
    notes.append(f"The project names no requirements. Guessed from its imports: {', '.join(guessed)}{why}. Add a requirements.txt.")
    return replace(needs, names=tuple(names), guessed=guessed), django


def _refuse_python_2(where: Layout) -> None:
    named = files.module_file(where.roots, where.named)
    for path in (where.folder / where.manage, *([named] if named else [])):
        if files.python(path) is None and layout.is_python_2(path):
            raise Invalid(
                f"{path.name} is written for Python 2, which has had no updates since 2020.",
                cure="Port the project to Python 3 (2to3 and the Django upgrade guides help), then register it again.",
            )


def _entry_point(module: str, settings: Settings | None, name: str) -> str:
    """ "package.wsgi:application", from the file or from the setting that names it."""
    if module:
        return f"{module}:application"
    package, _, attribute = (settings.text(name) if settings else "").rpartition(".")
    return f"{package}:{attribute}" if package and name == "ASGI_APPLICATION" else ""


def _processes(ground: _Ground) -> dict[str, str]:
    """Long-running processes: those of the Procfile as they are, and those that installed applications need."""
    found = dict(ground.commands.processes)
    for arguments in ground.commands.background:
        if not any(arguments[-1] in line for line in found.values()):
            name = (
                next((word for word in arguments[2:] if not word.startswith("-")), arguments[0])
                if "manage.py" in arguments
                else arguments[0]
            )
            found.setdefault(name.replace("_", "-"), " ".join(arguments))
    joined = " ".join(found.values())
    for app, arguments in BACKGROUND_APPS.items():
        if ground.settings and app in ground.settings.apps and arguments[0] not in joined:
            found.setdefault(arguments[0].replace("_", "-"), f"python {ground.layout.manage} {' '.join(arguments)}")
    return found


def _celery(ground: _Ground) -> str:
    if "celery" not in ground.found.requirements.names and ground.found.requirements.names:
        return ""
    for path in files.walk(ground.folder, 4):
        if path.name in {"celery.py", "celery_app.py", "celeryapp.py", "celeryconf.py", "tasks.py", "__init__.py"}:
            made = re.search(r"^(\w+)(?:\s*:\s*\w+)?\s*=\s*(?:celery\.)?Celery\(", files.text(path), re.M)
            if made:
                root = next((root for root in ground.layout.roots if path.is_relative_to(root)), ground.folder)
                module = files.relative(path, root).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                return f"{module}:{made[1]}"
    return ""


def _has_schedule(ground: _Ground, words: dict[str, list[str]]) -> bool:
    if any(name in words for name in ("CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE", "CELERY_BEAT_SCHEDULER")):
        return True
    if ground.settings and "django_celery_beat" in ground.settings.apps:
        return True
    scheduled = re.compile(r"beat_schedule|@periodic_task|add_periodic_task|on_after_(configure|finalize)")
    return any(
        path.name in {"celery.py", "tasks.py"} and scheduled.search(files.text(path)) for path in files.walk(ground.folder, 4)
    )


def _tests(ground: _Ground) -> str:
    """How the project runs its tests: by what is configured, or by what lies there."""
    known = {*ground.found.requirements.names, *ground.found.dev_names}
    configured = any(sign in files.text(place / name) for place in ground.places[:2] for name, sign in PYTEST_SIGNS)
    if configured and known & {"pytest", "pytest-django"}:
        return "pytest"
    found = [
        path for path in files.walk(ground.folder, 6) if path.suffix == ".py" and re.match(r"tests?(_\w+)?$|\w+_tests?$", path.stem)
    ]
    texts = [files.text(path) for path in found]
    if any(re.search(r"^class \w+\(.*Test(Case|s)?\b.*\):|^class \w+\(.*TestCase", text, re.M) for text in texts):
        return "manage.py test"
    return "pytest" if any(re.search(r"^\s*(async )?def test_", text, re.M) for text in texts) else ""


def _observations(ground: _Ground, celery: str) -> list[str]:
    """What a person should know about this project before it is deployed."""
    notes, settings = [], ground.settings
    names = set(ground.found.requirements.names)
    if kept := steps.committed_static(ground.folder):
        notes.append(
            f"Collected static files are part of the repository ({kept}); they are used as they are, without collectstatic."
        )
    if settings and settings.debugs:
        notes.append("The settings set DEBUG = True themselves: errors show source code to everybody. Read it from a variable.")
    if (
        settings
        and "whitenoise" not in " ".join(settings.words.get("MIDDLEWARE", [])).lower()
        and "django.contrib.staticfiles" in settings.apps
    ):
        notes.append(
            "The application does not serve its static files itself (no WhiteNoise): the stable address in front of it does."
        )
    if settings and settings.fixed_database:
        notes.append(
            f"The settings name a {settings.database} server that no variable can change; make DATABASES read DATABASE_URL."
        )
    if settings and settings.database == "mysql":
        notes.append(
            "The settings want MySQL; Timonel brings PostgreSQL and SQLite. Set the database variables to a MySQL server of yours."
        )
    if not names & bindings.POSTGRES_DRIVERS:
        notes.append(
            "There is no PostgreSQL driver among the dependencies: the application keeps its SQLite file, which outlives releases."
        )
    return notes + (_added(names, celery) if names else [])


def _added(names: set[str], celery: str) -> list[str]:
    """What the project does not name and its environment gets all the same."""
    notes = []
    if not names & {"gunicorn", "uvicorn", "daphne", "hypercorn", "waitress"}:
        notes.append("The project names no web server; gunicorn (uvicorn for ASGI) is added to its environment.")
    if bindings.lacks_a_broker_client(celery, names):
        notes.append("Celery comes without a client for Redis; it is added, and the platform's Valkey is its broker.")
    return notes


def _submodules(repository: Path) -> list[str]:
    paths = re.findall(r"^\s*path\s*=\s*(.+?)\s*$", files.text(repository / ".gitmodules"), re.M)
    return [f"Git submodules are not fetched: {', '.join(paths)}."] if paths else []


def _hide(read: Read) -> Read:
    return replace(read, default=HIDDEN) if read.secret and read.default else read
