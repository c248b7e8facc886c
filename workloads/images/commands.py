"""Pure: a process of a release as a container runs it."""

from __future__ import annotations

from collections.abc import Sequence

PORT = 8000
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BINDING = frozenset({"-b", "--bind", "-h", "--host", "-H"})
SCHEDULE = "/tmp/celerybeat-schedule"  # noqa: S108 (inside a container: the one place where anybody may write)


def in_container(argv: Sequence[str], port: int = PORT) -> list[str]:
    """The argument vector with its port. It listens to everybody, since a container's loopback is its own; beat gets a file."""
    found: list[str] = []
    for number, word in enumerate(argv):
        listens = (number > 0 and argv[number - 1] in BINDING) or word.startswith(("--bind=", "--host=")) or "{port}" in word
        found.append(_open(word.replace("{port}", str(port))) if listens else word)
    if _is_beat(argv):
        found += ["--schedule", SCHEDULE]
    return found


def web_of(processes: dict[str, list[str]]) -> list[str]:
    """The process an image starts with unless told otherwise: `web`, or the first there is."""
    return in_container(processes.get("web") or next(iter(processes.values()), ["python", "--version"]))


def _open(word: str) -> str:
    for name in LOOPBACK:
        word = word.replace(name, "0.0.0.0")  # noqa: S104 (inside a container)
    return word


def _is_beat(argv: Sequence[str]) -> bool:
    """Celery's own scheduler, which keeps a file, without a place for it."""
    database = any("DatabaseScheduler" in word for word in argv)
    placed = any(word == "-s" or (word.startswith("--schedule") and not word.startswith("--scheduler")) for word in argv)
    return "celery" in argv[:1] and "beat" in argv and not database and not placed
