"""Documents made to exhaust who reads them: what comes out of each has a bounded size, and nothing that is seen is lost.

No clock is read; what takes time by the square of these sizes runs into the time limit of every test.
"""

from __future__ import annotations

import pytest

from controlplane.core.redaction import redact
from knowledge import folders, ingest, words
from knowledge.chunking import read
from knowledge.chunking.pieces import CROWD, MOST
from knowledge.models import Passage, Source

SIZE = 200_000  # characters: enough to tell a line from a square


def filled(text: str) -> str:
    return (text * (SIZE // len(text) + 1))[:SIZE]


BOMBS = {
    "deep.html": filled("<div>"),
    "deep-text.html": filled("<b>x"),
    "unmatched.html": filled("<b></i>"),
    "tags.html": filled("<a"),
    "declarations.html": filled("<!["),
    "ends.html": filled("</"),
    "comments.html": filled("<!--"),
    "attributes.html": filled("<a " + 'b="' * 1_000 + ">"),
    "script.html": "<script>" + filled("</a"),
    "headings.html": filled("<h1>a</h1>b "),
    "line.html": filled("word "),
    "line.md": filled("word "),
    "line.rst": filled("word "),
    "line.yaml": filled("a: b "),
    "word.txt": filled("w"),
    "quotes.md": filled("> " * 200 + "a\n"),
    "lists.md": "".join("  " * depth + "- a\n" for depth in range(600)),
    "brackets.md": filled("["),
    "links.md": filled("[a]("),
    "stars.md": filled("**a_ "),
    "ticks.md": filled("`a``"),
    "html.md": filled("<a "),
    "table.md": "|a|b|\n|-|-|\n" + filled("|a|b|\n"),
    "wide.md": filled("|a") + "\n" + filled("|-") + "\n",
    "definitions.md": filled("[a]: b\n"),
    "hidden.md": filled("<div hidden>\n\n"),
    "headings.rst": filled("Head\n====\n\nx\n\n"),
    "headings.yaml": filled("key: v\n"),
    "empty.yaml": filled("\n"),
    "empty.rst": "a\n" + filled("\n"),
    "comments.rst": filled(".. a\n"),
    "front.md": "---\ntitle: " + " " * SIZE + "x\n---\nbody",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_comes_out_of_a_bomb_is_bounded(name: str) -> None:
    text = redact(BOMBS[name])
    found = read(name, text)
    assert len(found.title) <= 300
    assert len(found.pieces) <= CROWD
    assert max((len(piece.text) for piece in found.pieces), default=0) <= 2 * MOST
    assert all(len(heading) <= 300 for piece in found.pieces for heading in piece.headings)
    assert sum(len(piece.text) for piece in found.pieces) <= 2 * len(text)
    assert len(words.identifiers(found.pieces[0].text if found.pieces else "")) <= words.MOST


def test_a_hundred_thousand_headings_are_few_passages_and_every_one_is_found() -> None:
    text = "".join(f"# H{number}\n\nsaid{number}\n\n" for number in range(100_000))
    found = read("headings.md", text)
    assert len(found.pieces) <= 2 * CROWD
    said = "\n".join(piece.text for piece in found.pieces)
    assert all(f"said{number}\n" in f"{said}\n" for number in range(0, 100_000, 997))


def test_two_megabytes_on_one_line_are_stored_in_whole(source: Source) -> None:
    text = "word " * 399_999 + "last"
    file = folders.decoded("line.txt", text.encode())
    assert ingest.take(source, file)  # nothing is embedded here
    stored = Passage.objects.filter(document__path="line.txt").order_by("position").values_list("text", flat=True)
    assert max(map(len, stored)) <= MOST
    assert "".join(stored).replace("\n", "") == text
    assert len(stored) <= CROWD
