"""What is read, what is read again, what is gone, and what cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Document, EmbeddingModel, Passage, Source, Vector
from tests.core.canaries import every, mixed
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


def test_a_path_that_is_too_long_and_a_zero_far_inside_lose_nothing_else(source: Source) -> None:
    zero = File("zero.md", "# Zero\n\n" + "a" * 9_000 + "\0b\n")
    files = [File("x" * 501 + ".md", "# Long\n"), zero, File("fine.md", "# Fine\n\nText.\n")]
    done = ingest.refresh(source, files)
    assert (done.changed, [skipped.reason for skipped in done.skipped]) == (2, ["Its path is too long."])
    assert set(source.documents.values_list("path", flat=True)) == {"zero.md", "fine.md"}


FORMS = {
    ".md": "# Keys\n\n{0}\n\n```\n{0}\n```\n\n- {0}\n",
    ".rst": "Keys\n====\n\n{0}\n\n::\n\n    {0}\n",
    ".txt": "Keys\n\n{0}\n",
    ".html": "<h1>Keys</h1><p>{0}</p><pre>{0}</pre>",
    ".yaml": "key: |\n  {0}\n",
}


@pytest.mark.parametrize("suffix", FORMS)
def test_no_secret_of_any_format_is_stored(source: Source, suffix: str) -> None:
    EmbeddingModel.objects.update(status=EmbeddingModel.Status.RETIRED)  # words and texts are what is looked at
    canaries = every()
    files = [File(f"{number}{suffix}", FORMS[suffix].format(one.text)) for number, one in enumerate(canaries)]
    ingest.refresh(source, files)
    stored = "\n".join(str(row) for row in Document.objects.values_list("title", "text"))
    stored += "\n".join(str(row) for row in Passage.objects.values_list("headings", "text", "words"))
    assert [one.name for one in canaries if one.secret in stored or one.secret.lower() in stored] == []


def test_a_secret_that_hides_between_tags_or_unseen_characters_is_not_stored(source: Source) -> None:
    secret = f"ghp_{mixed(36)}"
    files = [
        File("tags.html", f"<p>{secret[:10]}<b>{secret[10:]}</b></p>"),
        File("entities.html", f"<p>{''.join(f'&#{ord(letter)};' for letter in secret)}</p>"),
        File("unseen.md", f"# {secret[:9]}\u200b{secret[9:]}\n\n{secret[:7]}\u2060{secret[7:]}\n"),
    ]
    ingest.refresh(source, files)
    stored = str(list(Document.objects.values_list("title"))) + str(list(Passage.objects.values_list("headings", "text", "words")))
    assert secret not in stored
    assert secret.lower() not in stored


def test_secrets_in_documents_are_not_stored(source: Source, fill: Fill, folder: Path) -> None:
    (folder / "keys.md").write_text("# Keys\n\nexport API_TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789\n")
    fill(source)
    assert not Document.objects.filter(text__contains="abcdefghij").exists()
    assert not Passage.objects.filter(text__contains="abcdefghij").exists()
