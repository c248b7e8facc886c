"""What is read, what is read again, what is gone, and what cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from knowledge.models import Document, Passage, Source, Vector
from tests.knowledge.conftest import Fill


def test_a_second_reading_of_the_same_files_embeds_nothing(source: Source, fill: Fill) -> None:
    first, second = fill(source), fill(source)
    assert (first.read, first.changed, first.embedded) == (3, 3, 3)
    assert (second.read, second.changed, second.removed, second.embedded) == (3, 0, 0, 0)


def test_only_what_changed_is_embedded_again_and_what_is_gone_disappears(source: Source, fill: Fill, folder: Path) -> None:
    fill(source)
    (folder / "oom.md").write_text("# Out of memory\n\nNow with other words.\n")
    (folder / "migraciones.md").unlink()
    done = fill(source)
    assert (done.changed, done.removed, done.embedded) == (1, 1, 1)
    assert sorted(Document.objects.values_list("path", flat=True)) == ["KubePodCrashLooping.md", "oom.md"]
    assert Vector.objects.count() == Passage.objects.count() == 2


def test_a_passage_that_says_the_same_keeps_its_vector(source: Source, fill: Fill, folder: Path) -> None:
    long = "# Long\n\n## One\n\n" + "One says this. " * 60 + "\n\n## Two\n\n" + "Two says that. " * 60
    (folder / "long.md").write_text(long)
    fill(source)
    (folder / "long.md").write_text(long + "\n\n## Three\n\n" + "Three says more. " * 60)
    assert fill(source).embedded == 1


def test_what_cannot_be_read_is_said_and_nothing_else_is_lost(source: Source, fill: Fill, folder: Path) -> None:
    (folder / "latin.md").write_bytes("# Señal\n".encode("latin-1"))
    (folder / "binary.md").write_bytes(b"\x7fELF\0\0\0")
    with (folder / "huge.txt").open("wb") as huge:
        huge.truncate(50_000_000)
    (folder / "out.md").symlink_to("/etc/passwd")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "round").mkdir()
    (folder / "round" / "again").symlink_to(folder)
    os.mkfifo(folder / "pipe.md")
    done = fill(source)
    assert {skipped.path: skipped.reason.split(":")[0].split(" ")[0] for skipped in done.skipped} == {
        "latin.md": "It", "binary.md": "It", "huge.txt": "It", "out.md": "It", "loop.md": "It", "pipe.md": "It",
    }  # fmt: skip
    assert Document.objects.count() == 3
    assert source.skipped.count() == 6


def test_secrets_in_documents_are_not_stored(source: Source, fill: Fill, folder: Path) -> None:
    (folder / "keys.md").write_text("# Keys\n\nexport API_TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789\n")
    fill(source)
    assert not Document.objects.filter(text__contains="abcdefghij").exists()
    assert not Passage.objects.filter(text__contains="abcdefghij").exists()
