"""Files that people put into a source of uploads, one at a time; each replaces the one at its path."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core import audit, live
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from knowledge import folders, ingest
from knowledge.models import Document, Source

LONGEST_PATH = 300  # characters


def put(actor: Actor, source: Source, path: str, content: bytes) -> Document:
    """Store the file. Raises Invalid where it cannot be read, Conflict where files come from elsewhere.

    Its vectors are made by the next refresh of the source, which is due from now on.
    """
    if source.kind != Source.Kind.UPLOAD:
        raise Conflict(
            _("Nothing is uploaded into this source: it is read from where it is."), cure=_("Name one of uploaded files.")
        )
    name = checked(path)
    file = folders.decoded(name, _limited(content), timezone.now())
    if file.skipped:
        raise Invalid(file.skipped, cure=_("Send a text in UTF-8."))
    with transaction.atomic():
        changed = ingest.take(source, file)
        document = source.documents.get(path=name)
        if changed:
            Source.objects.filter(pk=source.pk).update(refreshed_at=None)
            audit.record(actor, "source.upload", source, after={"path": name, "sha256": document.sha256, "bytes": len(content)})
            live.ring("knowledge", source=source.pk)
    return document


def checked(path: str) -> str:
    """The path as it is kept. Raises Invalid for one that leads elsewhere, or to what is not read."""
    found = PurePosixPath(path.strip())
    if not path.strip() or len(path) > LONGEST_PATH or found.is_absolute() or ".." in found.parts or not path.isprintable():
        raise Invalid(_("This is no path of a file."), cure=_("Give one such as runbooks/disk-full.md."))
    if found.suffix.lower() not in folders.KNOWN:
        raise Invalid(_("Files of this kind are not read."), cure=_("These are: %(known)s.") % {"known": ", ".join(folders.KNOWN)})
    return str(found)


def _limited(content: bytes) -> bytes:
    if len(content) > folders.LARGEST:
        most = {"most": folders.LARGEST // 1_000_000}
        raise Invalid(_("It has more than %(most)d MB.") % most, cure=_("Cut it into several files."))
    return content
