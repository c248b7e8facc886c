"""`manage.py` commands and long-running processes that a project's own start files name. They are read, never run from there."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from workloads.source import files

MANAGE = re.compile(r"(?:\S*/)?(?:django-admin|manage\.py)[\"',\s]+(?P<rest>[a-z_]\w*[^&|;\n>]*)")
SERVING = frozenset(
    [
        "runserver",
        "runserver_plus",
        "testserver",
        "shell",
        "shell_plus",
        "dbshell",
        "test",
        "makemigrations",
        "startapp",
        "startproject",
        "createsuperuser",
        "changepassword",
        "check",
        "diffsettings",
        "makemessages",
        "dumpdata",
        "flush",
        "reset_db",
        "sqlflush",
        "tailwind",
        "runmodwsgi",
        "rungunicorn",
        "run_gunicorn",
        "collectstatic",
        "migrate",
        "compilemessages",
        "createcachetable",
        "showmigrations",
        "inspectdb",
        "coverage",
        "help",
        "spectacular",
        "wait_for_db",
        "wait_for_database",
        "compress",
    ]
)
BACKGROUND = frozenset(
    [
        "rqworker",
        "rqscheduler",
        "run_huey",
        "qcluster",
        "rundramatiq",
        "process_tasks",
        "sendalerts",
        "sendreports",
        "smtpd",
        "runworker",
        "celery",
        "celeryd",
        "celerybeat",
        "db_worker",
        "procrastinate",
        "runscheduler",
        "runapscheduler",
        "run_scheduler",
        "runbot",
        "run_bot",
        "process_jobs",
    ]
)
UNSAFE = re.compile(r"[`$<>|&;*?(){}\\]")
SCRIPTS = re.compile(r"^(.*(entry-?point|bootstrap|start|run|deploy|release|init|setup|post_?compile|build)[\w.-]*)$", re.I)


@dataclass
class Commands:
    """What the start files ask for."""

    release: dict[tuple[str, ...], str] = field(default_factory=dict)  # manage.py arguments -> where it was read
    first: set[tuple[str, ...]] = field(default_factory=set)  # those of them that come before migrate
    background: dict[tuple[str, ...], str] = field(default_factory=dict)  # whole command lines
    processes: dict[str, str] = field(default_factory=dict)  # lines of a Procfile, as they are
    folders: dict[str, str] = field(default_factory=dict)  # folders made before start
    notes: list[str] = field(default_factory=list)

    @property
    def web(self) -> str:
        """The Procfile's web line."""
        return self.processes.get("web", "")


def read(folder: Path, root: Path) -> Commands:
    """Read Procfile, entry points, Dockerfiles, supervisor and uWSGI files of the folder and the repository."""
    found = Commands()
    places = list(dict.fromkeys([folder, root]))
    for place in places:
        _procfile(place / "Procfile", found)
        for path in _scripts(place):
            _script(path, files.relative(path, root), found)
        for path in [
            *sorted(place.glob("*.conf")),
            *sorted(place.glob("*.ini")),
            *sorted(place.glob("docker/*.ini")),
            *sorted(place.glob("docker/*.conf")),
        ]:
            _supervised(path, files.relative(path, root), found)
    return found


def _procfile(path: Path, found: Commands) -> None:
    for line in files.text(path).splitlines():
        entry = re.match(r"^\s*([A-Za-z0-9_-]+)\s*:\s*(.+?)\s*$", line)
        if not entry or entry[1] in found.processes:
            continue
        found.processes[entry[1]] = entry[2]
        for part in re.split(r"&&|;", entry[2]):
            _take(part, f"Procfile: {entry[1]}", found, background=entry[1] not in {"web", "release"})


def _scripts(place: Path) -> list[Path]:
    names = [
        path
        for folder in ("", "bin", "scripts", "docker", "deploy", "compose/production/django", "deployment", ".docker")
        for path in sorted((place / folder).glob("*"))
    ]
    wanted = [path for path in names if path.is_file() and (SCRIPTS.match(path.name) or path.name.startswith("Dockerfile"))]
    return [path for path in wanted if path.suffix in {"", ".sh", ".bash", ".Dockerfile"} or "Dockerfile" in path.name]


def _script(path: Path, name: str, found: Commands) -> None:
    content = re.sub(r"\\\r?\n", " ", files.text(path))
    if path.suffix == "" and not content.startswith("#!") and "Dockerfile" not in path.name:
        return
    known, migrates = set(found.release), False
    for line in content.splitlines():
        bare = line.split("#", 1)[0] if not line.startswith("#!") else ""
        for part in re.split(r"&&|\|\||;", bare):
            if not migrates and re.search(r"manage\.py\W+migrate\b", part):
                migrates = True
                found.first |= set(found.release) - known
            _take(part, name, found, background=False)
        for made in re.findall(r"\bmkdir -p ([\w./-]+(?: [\w./-]+)*)", bare):
            for folder in made.split():
                if not folder.startswith(("/", "..", "~")) and "Dockerfile" not in path.name:
                    found.folders.setdefault(folder.strip("/").split("/")[0], name)


def _supervised(path: Path, name: str, found: Commands) -> None:
    """Programs that supervisor or uWSGI keep running beside the web server."""
    for line in re.findall(r"^\s*(?:command|attach-daemon2?|smart-attach-daemon)\s*=\s*(?:cmd=)?(.+?)\s*$", files.text(path), re.M):
        if "manage.py" in line and not SERVING & set(line.split()):
            _take(line.split(",")[0], name, found, background=True)


def _take(line: str, because: str, found: Commands, *, background: bool) -> None:
    command = MANAGE.search(line)
    if command is None:
        if background and line.strip() and not UNSAFE.search(line):
            found.background.setdefault(_vector(line), because)
        return
    arguments = _arguments(command["rest"])
    if not arguments or arguments[0] in SERVING:
        return
    if UNSAFE.search(command["rest"].replace("${", "")) or "$" in command["rest"]:
        found.notes.append(
            f"{because} runs `manage.py {arguments[0]}` with shell words; it is left out. Add it as a step if it is needed."
        )
    elif background or arguments[0] in BACKGROUND:
        found.background.setdefault(("python", "manage.py", *arguments), because)
    else:
        found.release.setdefault(arguments, because)


def _arguments(rest: str) -> tuple[str, ...]:
    """The words of a command, also of a Dockerfile's JSON form."""
    if re.search(r"[\"']\s*[,\]]", rest):  # ["python", "manage.py", "migrate"]
        return tuple(re.findall(r"[^\s\"',\[\]]+", rest))
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    return tuple(word.strip("\"',]") for word in words if word.strip("\"',]"))


def _vector(line: str) -> tuple[str, ...]:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return tuple("python" if re.fullmatch(r"python[\d.]*", word) else word for word in words)
