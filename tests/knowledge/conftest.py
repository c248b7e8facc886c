"""A folder of documents, and its source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import folders, ingest
from knowledge.ingest import Refreshed
from knowledge.models import Source

Fill = Callable[..., Refreshed]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three short runbooks."""
    (tmp_path / "KubePodCrashLooping.md").write_text(
        "# Crash looping\n\nThe container ends and is started again, with a growing pause.\n"
    )
    (tmp_path / "oom.md").write_text(
        "# Out of memory\n\nExit code 137: the kernel ended the process, `OOMKilled`. Raise the limit.\n"
    )
    (tmp_path / "migraciones.md").write_text(
        "# Migraciones pendientes\n\nLa base de datos no tiene las tablas que el código espera. Se aplican con migrate.\n"
    )
    return tmp_path


@pytest.fixture
def source(db: None, folder: Path) -> Source:
    """The folder as a source for everyone, not read yet."""
    return Source.objects.create(name="runbooks", kind=Source.Kind.FOLDER, location=str(folder))


@pytest.fixture
def fill(folder: Path) -> Fill:
    """Reads a folder into a source."""

    def read(source: Source, place: Path = folder) -> Refreshed:
        return ingest.refresh(source, folders.files(place))

    return read
