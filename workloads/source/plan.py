"""How a release runs: its processes, its release steps, what of its files outlives it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from workloads.source.commands import UNSAFE
from workloads.source.project import Project, RunPlan, Step

if TYPE_CHECKING:
    from workloads.described import DescribedSettings
    from workloads.models import Application

WORKERS = "2"
WSGI_FACTORY = "django.core.wsgi:get_wsgi_application()"
CHECKOUT = re.compile(r"/work/[^/]+/source/")
NOT_KEPT = frozenset({"web", "release", "postdeploy", "console"})
SQLITE = re.compile(r"sqlite|spatialite|\.db$")
COLLECTED = "collected-static"  # where static files go when the settings do not say
BEAT = re.compile(r"\bbeat\b")


def run_plan(project: Project, application: Application, described: DescribedSettings | None, root: Path | None = None) -> RunPlan:
    """The plan as proposed from the files, with what the application's record overrides.

    `described` sharpens it where the application could be asked; `root` is the folder of manage.py that was asked.
    """
    static_root = described.static_root if described else ""
    return RunPlan(
        settings_module=project.settings_module,
        manage=project.manage,
        folder=project.folder,
        processes=_processes(project, application, described),
        release_steps=_release_steps(project, application, described),
        health_path=application.health_path or _health(project, described),
        pages=_pages(described),
        shared=_shared(project, described, root),
        static_root=_inside(static_root, project, root) or _beside(static_root, root) or _collected(described),
        static_url=described.static_url if described else "",
        python=described.python if described else "",
    )


def _processes(project: Project, application: Application, described: DescribedSettings | None) -> dict[str, list[str]]:
    if application.processes:
        return {name: vector(line) for name, line in application.processes.items()}
    found = {"web": _web(project, described)}
    for name, line in project.processes.items():
        if name not in NOT_KEPT and not UNSAFE.search(line) and not line.startswith(("bash ", "sh ", "make ", "npm ", "yarn ")):
            found[name] = vector(line)
    if project.celery:
        found |= _celery(project, found)
    return found


def _web(project: Project, described: DescribedSettings | None) -> list[str]:
    """gunicorn for WSGI; uvicorn where the application is made for ASGI."""
    asgi = described.asgi_application if described else None
    if serves_asgi(project, asgi):
        server = "daphne" if "daphne" in project.requirements.names else "uvicorn"
        if server == "daphne":
            return ["daphne", "-b", "127.0.0.1", "-p", "{port}", "--proxy-headers", project.asgi]
        return ["uvicorn", project.asgi, "--host", "127.0.0.1", "--port", "{port}", "--proxy-headers", "--lifespan", "off"]
    target = _procfile_target(project) or project.wsgi or WSGI_FACTORY
    return ["gunicorn", target, "--bind", "127.0.0.1:{port}", "--workers", WORKERS, "--access-logfile", "-", "--error-logfile", "-"]


def serves_asgi(project: Project, asgi_application: str | None = None) -> bool:
    """Whether the application is served over ASGI: it has Channels, no WSGI at all, or its own files say so."""
    if not project.asgi:
        return False
    channels = "channels" in project.apps or bool({"channels", "daphne"} & set(project.requirements.names))
    named = re.search(r"\b(uvicorn|daphne|hypercorn)\b", project.processes.get("web", ""), re.I)
    return (channels and asgi_application != "") or not project.wsgi or named is not None


def _procfile_target(project: Project) -> str:
    """The WSGI target that the Procfile's gunicorn line names, with its application made explicit."""
    line = project.processes.get("web", "")
    found = re.search(r"gunicorn\s.*?(?<![\w/.-])((?:\w+\.)*\w*wsgi\w*(?::\w+)?)(?![\w./])", line)
    if not found or "--chdir" in line:
        return ""
    return found[1] if ":" in found[1] else f"{found[1]}:application"


def _celery(project: Project, found: dict[str, list[str]]) -> dict[str, list[str]]:
    """A worker and a scheduler, unless the Procfile already has them."""
    lines = [" ".join(argv) for name, argv in found.items() if name != "web" and "celery" in " ".join(argv)]
    made: dict[str, list[str]] = {}
    if not any("worker" in line for line in lines):
        made["worker"] = ["celery", "-A", project.celery, "worker", "--loglevel", "INFO", "--concurrency", WORKERS]
    if project.celery_beat and not any(BEAT.search(line) or " -B" in line for line in lines):
        made["beat"] = ["celery", "-A", project.celery, "beat", "--loglevel", "INFO", *_schedule(project)]
    return made


def _schedule(project: Project) -> list[str]:
    database = "django_celery_beat" in project.apps
    return ["--scheduler", "django_celery_beat.schedulers:DatabaseScheduler"] if database else []


def _release_steps(project: Project, application: Application, described: DescribedSettings | None) -> list[Step]:
    if application.release_steps is not None:
        return [_step(given, "release") for given in application.release_steps]
    steps = [step for step in project.steps if step.when == "release"]
    if described is None:
        return steps
    if "django.contrib.staticfiles" not in described.installed_apps:
        steps = [step for step in steps if "collectstatic" not in step.run]
    elif not described.static_root:
        steps = [step for step in steps if "collectstatic" not in step.run]
        carried = ("python", "-m", "timonel_static", COLLECTED)
        steps.append(Step("collect static files", carried, "release", "the settings name no STATIC_ROOT"))
    elif not any("collectstatic" in step.run for step in steps) and not project.committed_static:
        place = next((number for number, step in enumerate(steps, 1) if "migrate" in step.run), 0)
        collect = Step(
            "collect static files", ("python", project.manage, "collectstatic", "--noinput"), "release", "settings: STATIC_ROOT"
        )
        steps.insert(place, collect)
    table = "DatabaseCache" in " ".join(described.caches.values())
    if table and not any("createcachetable" in step.run for step in steps):
        steps.append(Step("create cache table", ("python", project.manage, "createcachetable"), "release", "settings: CACHES"))
    return steps


def build_steps(project: Project, application: Application) -> tuple[Step, ...]:
    """The build steps as proposed, or as the application's record has them."""
    if application.build_steps is not None:
        return tuple(_step(given, "build") for given in application.build_steps)
    return tuple(step for step in project.steps if step.when == "build")


def _step(given: dict[str, object], when: str) -> Step:
    run = given.get("run")
    words = tuple(map(str, run)) if isinstance(run, list | tuple) else tuple(vector(str(run or "")))
    name = str(given.get("name") or " ".join(words))
    return Step(name, words, "build" if when == "build" else "release", "set by a person", str(given.get("folder") or ""))


def _health(project: Project, described: DescribedSettings | None) -> str:
    return project.health_path or (described.health_pages[0] if described and described.health_pages else "")


def _collected(described: DescribedSettings | None) -> str:
    return COLLECTED if described and "django.contrib.staticfiles" in described.installed_apps else ""


def _pages(described: DescribedSettings | None) -> list[str]:
    """The landing page and the sign-in page: what a person sees first.

    The root is asked for even where no route names it: it may match a pattern, or lead to the visitor's language.
    """
    found = [described.landing_page or "/", described.login_page] if described else ["/"]
    return list(dict.fromkeys(page for page in found if page))


def _shared(project: Project, described: DescribedSettings | None, root: Path | None) -> list[str]:
    """Files and folders of the source that outlive a release: SQLite files, uploads, folders that start scripts make."""
    found = [f"{name}/" for name in project.data_folders]
    if described is None:
        return found
    for database in described.databases.values():
        inside = _inside(database.name, project, root) if SQLITE.search(f"{database.engine} {database.name}") else ""
        if inside:
            found.append(inside)
    media = _inside(described.media_root, project, root)
    if media and media not in {".", ""}:
        found.append(f"{media}/")
    return [
        path
        for path in dict.fromkeys(found)
        if not any(path != other and path.startswith(other) for other in found if other.endswith("/"))
    ]


def _inside(path: str, project: Project, root: Path | None) -> str:
    """The path relative to the folder of manage.py, when it lies in there; otherwise empty."""
    if not path or path in {":memory:"} or path.startswith("file:"):
        return ""
    if not path.startswith("/"):
        return path.removeprefix("./").rstrip("/") if ".." not in path else ""
    if root is not None:
        return Path(path).relative_to(root.resolve()).as_posix() if Path(path).is_relative_to(root.resolve()) else ""
    inside = CHECKOUT.split(path, maxsplit=1)
    folder = f"{project.folder}/" if project.folder else ""
    return inside[1].removeprefix(folder).rstrip("/") if len(inside) == 2 and inside[1].startswith(folder) else ""


def _beside(path: str, root: Path | None) -> str:
    """The path as seen from the folder of manage.py when it lies just outside of it; an unrelated one as it is."""
    if root is None or not path.startswith("/"):
        return path
    near = [place for place in root.resolve().parents[:2] if Path(path).is_relative_to(place)]
    return Path(os.path.relpath(path, root.resolve())).as_posix() if near else path


def vector(line: object) -> list[str]:
    """A command line, or a list of words, as an argument vector; `$PORT` becomes the port."""
    if isinstance(line, list | tuple):
        return [str(word) for word in line]
    words = shlex.split(str(line))
    while words and re.match(r"^[A-Z_][A-Z0-9_]*=", words[0]):  # NAME=VALUE before the program
        words = words[1:]
    words = [re.sub(r"\$\{?PORT(:-\d+)?\}?", "{port}", word) for word in words]
    return ["python" if re.fullmatch(r"python[\d.]*", word) and not number else word for number, word in enumerate(words)]
