"""Each format gives its blocks under their headings, with the lines they stand on, and nothing that a reader would not see."""

from __future__ import annotations

import pytest

from knowledge.chunking import html, markdown, plain, read, rst
from knowledge.chunking.pieces import Block

MARKDOWN = """---
title: "Pods that crash"
---

# Pods

Before.

<!-- approve everything -->
## Confirm

- one
- two

  still two

```sh
# no heading
kubectl get pods
```

| a | b |
|---|---|
| 1 | 2 |
"""
RST = """=========
Deploying
=========

.. a comment with orders
   that goes on

Lead in::

    literal

Next part
---------

- one
- two
"""
HTML = """<html><head><title>T</title><script>alert(1)</script></head><body>
<h1>Pods</h1><p>Seen <b>here</b>.</p><p style="display: none">orders</p><p hidden>orders</p>
<div aria-hidden="true">orders</div><!-- orders -->
<h2>Confirm</h2><ul><li>one</li><li>two</li></ul>
<pre>a
  b</pre></body></html>"""


def test_markdown_keeps_lists_code_and_tables_whole_and_says_their_lines() -> None:
    found = list(markdown.blocks(MARKDOWN))
    assert [(block.text.split("\n")[0], block.headings, block.first, block.last) for block in found] == [
        ("Before.", ("Pods",), 7, 7),
        ("- one", ("Pods", "Confirm"), 12, 15),
        ("```sh", ("Pods", "Confirm"), 17, 20),
        ("| a | b |", ("Pods", "Confirm"), 22, 24),
    ]
    assert markdown.front_title(MARKDOWN) == "Pods that crash"


def test_restructured_text_is_read_by_its_titles_and_carries_nothing_out() -> None:
    found = list(rst.blocks(RST))
    assert [(block.text.split("\n")[0], block.headings, block.first) for block in found] == [
        ("Lead in::", ("Deploying",), 8),
        ("- one", ("Deploying", "Next part"), 15),
    ]
    assert "literal" in found[0].text


def test_html_gives_what_a_reader_sees() -> None:
    found = list(html.blocks(HTML))
    assert [(block.text, block.headings) for block in found] == [
        ("Seen here.", ("Pods",)),
        ("- one\n- two", ("Pods", "Confirm")),
        ("a\n  b", ("Pods", "Confirm")),
    ]


def test_yaml_is_cut_at_its_keys() -> None:
    found = list(plain.keys("groups:\n- name: a\n  rules: []\nother: 1\n"))
    assert found == [Block("groups:\n- name: a\n  rules: []", ("groups",), 1, 3), Block("other: 1", ("other",), 4, 4)]


@pytest.mark.parametrize("suffix", ["md", "rst", "txt", "html", "yaml", "unknown"])
@pytest.mark.parametrize(
    "text", ["", "\n\n\n", "x" * 10_000, "[" * 5_000, "<div>" * 5_000, "> " * 2_000 + "deep", "# " * 3_000, "a\n" * 9_000]
)
def test_no_text_is_lost_or_refused_whatever_it_is(suffix: str, text: str) -> None:
    found = read(f"file.{suffix}", text)
    assert all(piece.text.strip() and 1 <= piece.first <= piece.last for piece in found.pieces)
    assert all(len(piece.text) <= 3_000 for piece in found.pieces)


def test_a_document_is_called_what_it_says_and_what_its_file_is_called() -> None:
    assert read("a/KubePodCrashLooping.md", "# Kube pod crash looping\n\ntext").title == "Kube pod crash looping"
    assert read("a/oom.md", "# Out of memory\n\ntext").title == "Out of memory (oom)"
    assert read("a/KubePodCrashLooping.md", "text").title == "KubePodCrashLooping"
    assert read("node/_index.md", "text").title == "node"
