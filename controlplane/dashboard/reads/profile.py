"""What was understood of an application's settings: its module, its parts, and every variable by what it configures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workloads.source.project import Read, project_of

# The first group whose pattern is in the setting's or the variable's name has it.
GROUPS: tuple[tuple[str | Promise, re.Pattern[str]], ...] = (
    (_("Databases"), re.compile(r"DATABASE|POSTGRES|^DB_|^PG|SQL")),
    (_("Cache, queue and Celery"), re.compile(r"CACHE|REDIS|VALKEY|CELERY|BROKER|CHANNEL")),
    (_("Static and media files"), re.compile(r"STATIC|MEDIA|STORAGE|S3")),
    (_("E-mail"), re.compile(r"MAIL|SMTP")),
    (_("Security and hosts"), re.compile(r"SECRET|DEBUG|HOST|ORIGIN|CSRF|SECURE|COOKIE|HTTPS|SSL|CORS|TOKEN|KEY")),
)
OTHERS = _("Others")


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings as far as the files tell; `groups` are a heading and the variables read there, required ones first."""

    module: str
    because: str
    database: str
    celery: str
    beat: bool
    apps: tuple[str, ...]
    groups: tuple[tuple[str | Promise, tuple[Read, ...]], ...]


def of(understood: Mapping[str, Any]) -> Profile:
    """The profile out of Application.understood."""
    project = project_of(understood)
    return Profile(
        module=project.settings_module,
        because=project.settings_because,
        database=project.database,
        celery=project.celery,
        beat=project.celery_beat,
        apps=project.apps,
        groups=_grouped(project.reads),
    )


def _grouped(reads: Iterable[Read]) -> tuple[tuple[str | Promise, tuple[Read, ...]], ...]:
    """Each variable once, where it is read first, in the group of what it configures."""
    once = list({read.name: read for read in reversed(tuple(reads))}.values())
    headings = [heading for heading, _pattern in GROUPS] + [OTHERS]
    found = [(heading, _sorted([read for read in once if _group(read) == heading])) for heading in headings]
    return tuple((heading, rows) for heading, rows in found if rows)


def _group(read: Read) -> str | Promise:
    words = f"{read.setting} {read.name}".upper()
    return next((heading for heading, pattern in GROUPS if pattern.search(words)), OTHERS)


def _sorted(reads: Sequence[Read]) -> tuple[Read, ...]:
    return tuple(sorted(reads, key=lambda read: (not read.required, read.name)))
