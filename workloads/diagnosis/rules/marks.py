"""How a workload that runs Django is known: by commands, images and variables."""

from __future__ import annotations

import re

from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import word, words

_MARKS = re.compile(r"django|gunicorn|uwsgi|uvicorn|daphne|manage\.py|celery|hypercorn", re.I)


def argv(workload: Workload) -> str:
    """The commands of its containers, as one text."""
    return " ".join(part for each in workload.containers for part in (*words(each.spec, "command"), *words(each.spec, "args")))


def is_django(workload: Workload) -> bool:
    """Whether it runs Django, gunicorn, Celery or the like: by command, image or variables."""
    images = " ".join(word(each.spec, "image") for each in workload.containers)
    return bool(_MARKS.search(f"{argv(workload)} {images}")) or "DJANGO_SETTINGS_MODULE" in workload.env()
