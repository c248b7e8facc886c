"""Where documents come from: read by its kind, through whatever window to the outside that needs, and handed to `knowledge`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

import knowledge
from agents import postmortems, pulse
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from knowledge import folders, sources
from knowledge.ingest import File, Refreshed
from knowledge.models import Source
from knowledge.sources import Brought
from workloads.adapters import git, webpages

GIT_SECONDS = 300.0
MOST_PAGES = 500
CORPUS = Path(knowledge.__file__).parent / "corpus"


def refresh(actor: Actor, source_id: int) -> Refreshed:
    """Read a source anew; raises what `knowledge.sources.refresh` raises."""
    with tempfile.TemporaryDirectory(prefix="timonel-library-") as folder:
        return sources.refresh(actor, source_id, lambda source: READERS[source.kind](source, Path(folder)), pulse.stopping)


def _corpus(source: Source, _: Path) -> Brought:
    return Brought(folders.files(CORPUS, source.include, source.exclude))


def _folder(source: Source, _: Path) -> Brought:
    place = Path(source.location)
    if not place.is_absolute() or not place.is_dir():
        raise Invalid(
            f"There is no folder {source.location} on this machine.", cure="Give the whole path of a folder that is there."
        )
    return Brought(folders.files(place, source.include, source.exclude))


def _repository(source: Source, folder: Path) -> Brought:
    """The files of the commit that the ref names, with no history and no link that leads out."""
    mirror = Path(settings.DATA_DIR) / "mirrors" / f"knowledge-{source.pk}.git"
    git.clone_or_fetch(source.location, mirror, deadline=time.monotonic() + GIT_SECONDS)
    commit = git.resolve(mirror, source.ref or "HEAD")
    git.export(mirror, commit.sha, folder)
    return Brought(folders.files(folder, source.include, source.exclude), commit.sha)


def _uploaded(source: Source, _: Path) -> Brought:
    """What was uploaded is read when it comes in; here nothing is read, and nothing that comes in meanwhile is lost."""
    return Brought((), whole=False)


def _pages(source: Source, _: Path) -> Brought:
    return Brought(_each_page(source.location.split()[:MOST_PAGES], source.key or ""))


def _each_page(addresses: list[str], key: str) -> Iterator[File]:
    for address in addresses:
        parts = urlsplit(address)
        path = f"{parts.netloc}{parts.path}"
        try:
            page = webpages.fetch(address, key)
        except TimonelError as error:
            yield File(path, skipped=str(error))
            continue
        name = path if Path(parts.path).suffix in folders.KNOWN else f"{path.rstrip('/')}{page.suffix}"
        yield folders.decoded(name, page.content, page.modified_at, page.etag)


def _incidents(source: Source, _: Path) -> Brought:
    return Brought(postmortems.files(source.scope))


READERS: dict[str, Callable[[Source, Path], Brought]] = {
    Source.Kind.CORPUS: _corpus,
    Source.Kind.FOLDER: _folder,
    Source.Kind.GIT: _repository,
    Source.Kind.UPLOAD: _uploaded,
    Source.Kind.WEB: _pages,
    Source.Kind.INCIDENTS: _incidents,
}
