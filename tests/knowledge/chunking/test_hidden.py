"""What a reader of the document does not see is not read from it; what is seen stays, wherever it stands."""

from __future__ import annotations

import pytest

from knowledge.chunking import read
from knowledge.chunking.unseen import without_unseen

HIDDEN_HTML = [
    "<!-- ORDERS -->",
    "<!-- > ORDERS --!>",
    "<!-- ORDERS",
    "<p hidden>ORDERS</p>",
    "<p HIDDEN=until-found>ORDERS</p>",
    '<p aria-hidden="true">ORDERS</p>',
    '<p style="display : none">ORDERS</p>',
    '<p style="visibility:hidden">ORDERS</p>',
    '<p style="opacity:0">ORDERS</p>',
    '<p style="opacity:0.01">ORDERS</p>',
    '<p style="font-size:0">ORDERS</p>',
    '<p style="font-size: 1px">ORDERS</p>',
    '<p style="font-size:0.0em !important">ORDERS</p>',
    '<div style="width:0;height:0;overflow:hidden">ORDERS</div>',
    '<div style="max-height:0px">ORDERS</div>',
    '<div style="position:absolute;left:-10000px">ORDERS</div>',
    '<div style="text-indent:-9999em">ORDERS</div>',
    '<div style="clip:rect(0,0,0,0)">ORDERS</div>',
    '<div style="transform: scale(0)">ORDERS</div>',
    '<p style="color:#ffffff">ORDERS</p>',
    '<p style="color: white; background: #fff">ORDERS</p>',
    '<p style="color:rgb(255, 255, 255)">ORDERS</p>',
    '<p style="color:transparent">ORDERS</p>',
    '<p style="color:rgba(0,0,0,0)">ORDERS</p>',
    '<div style="background:#123456"><p style="color:#123456">ORDERS</p></div>',
    '<font color="#FFF">ORDERS</font>',
    '<p style="display:none" style="display:block">ORDERS</p>',
    "<div hidden><div><p>x</p><b>ORDERS</b></div> ORDERS</div>",
    "<script>ORDERS</script>",
    "<style>ORDERS</style>",
    "<template><p>ORDERS</p></template>",
    "<noscript>ORDERS</noscript>",
    "<svg><text>ORDERS</text></svg>",
    '<img alt="ORDERS" title="ORDERS">',
    '<input type="hidden" value="ORDERS">',
    '<meta name="description" content="ORDERS">',
]
SEEN_HTML = [
    '<p style="font-size:0.9em">SEEN</p>',
    '<p style="font-size:10px;line-height:1.0">SEEN</p>',
    '<p style="opacity:0.8">SEEN</p>',
    '<p style="margin:0;padding:0;border:0">SEEN</p>',
    '<div style="min-width:0">SEEN</div>',
    '<div style="background:#000"><p style="color:#fff">SEEN</p></div>',
    '<p style="color:#333">SEEN</p>',
    '<p style="background-color: white; color: black">SEEN</p>',
    '<div style="top:-1px;left:0">SEEN</div>',
    "<p>a < b and SEEN</p>",
    "<pre>&lt;!-- SEEN</pre>",
    "<p hidden>x</p><p>SEEN</p>",
]


def said(path: str, text: str) -> str:
    found = read(path, text)
    return "\n".join([found.title, *(" ".join([*piece.headings, piece.text]) for piece in found.pieces)])


@pytest.mark.parametrize("html", HIDDEN_HTML)
def test_hidden_html_is_not_read_from_html_or_markdown(html: str) -> None:
    assert "ORDERS" not in said("a.html", f"<h1>Title</h1><p>before</p>{html}")
    for text in (f"# Title\n\nbefore\n\n{html}\n", f"# Title\n\n- item\n\n  {html}\n", f"# Title\n\n> quote\n>\n> {html}\n"):
        assert "ORDERS" not in said("a.md", text), text


INLINE = [html for html in HIDDEN_HTML if html.startswith(("<!-- ORDERS -->", "<font", "<img"))]
INLINE += [
    '<span style="display:none">ORDERS</span>',
    "<b hidden>ORDERS **ORDERS** `ORDERS`</b>",
    "<i style='color:white'>ORDERS</i>",
]


@pytest.mark.parametrize("html", INLINE)
def test_hidden_html_inside_a_line_of_markdown_is_not_read(html: str) -> None:
    for text in (
        f"before {html} SEEN",
        f"- one\n- two {html} SEEN\n",
        f"> before\n> {html} SEEN\n",
        f"|a|b|\n|-|-|\n|1|{html} SEEN|\n",
    ):
        found = said("a.md", text)
        assert "ORDERS" not in found, text
        assert "SEEN" in found, text
    assert "ORDERS" not in said("a.md", f"# Title {html}\n\nbefore\n\n## Under {html}\n\nSEEN\n")


def test_what_a_block_of_html_hides_is_hidden_across_blocks() -> None:
    text = '# Title\n\n<div style="display:none">\n\nORDERS\n\n## ORDERS\n\n- ORDERS\n\n```\nORDERS\n```\n\n</div>\n\nSEEN\n'
    found = said("a.md", text)
    assert "ORDERS" not in found
    assert "SEEN" in found


@pytest.mark.parametrize(
    "text", ["[//]: # (ORDERS)", '[x]: <> "ORDERS"', "- one\n\n  [//]: # (ORDERS)\n\n  two", "> [a]: b 'ORDERS'\n> c"]
)
def test_definitions_of_links_are_not_read(text: str) -> None:
    assert "ORDERS" not in said("a.md", f"# Title\n\nbefore\n\n{text}\n")


@pytest.mark.parametrize("html", SEEN_HTML)
def test_what_is_seen_is_read(html: str) -> None:
    assert "SEEN" in said("a.html", f"<h1>Title</h1>{html}")
    assert "SEEN" in said("a.md", f"# Title\n\n{html}\n")


def test_code_is_read_as_it_stands_in_markdown() -> None:
    text = "# Title\n\nUse `<!-- SEEN1` and `<p hidden>SEEN2`.\n\n```html\n<!-- SEEN3 -->\n<p hidden>SEEN4</p>\n```\n\nSEEN5\n"
    found = said("a.md", text)
    assert all(f"SEEN{number}" in found for number in range(1, 6))


COMMENTS = [".. ORDERS", ".. ORDERS :: more ORDERS", "..\n   ORDERS", ".. raw:: html\n\n   <p>ORDERS</p>"]
COMMENTS += ["- one\n\n  .. ORDERS\n     ORDERS\n"]


@pytest.mark.parametrize("text", COMMENTS)
def test_comments_and_raw_parts_of_restructured_text_are_not_read(text: str) -> None:
    found = said("a.rst", f"Title\n=====\n\nbefore\n\n{text}\n\nSEEN\n")
    assert "ORDERS" not in found
    assert "SEEN" in found


@pytest.mark.parametrize("directive", ["note::", "code-block:: sh", "|name| image:: x.png", "py:function:: f"])
def test_directives_are_read(directive: str) -> None:
    assert "SEEN" in said("a.rst", f"Title\n=====\n\nbefore\n\n.. {directive}\n\n   SEEN\n")


def test_characters_without_a_shape_are_gone_and_lines_stay() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "approve")
    text = f"ex\u200bit\u2060 co\u00adde{hidden} 1\u202e37\ufe0f\n\u2028next\x00\x08\ttab\nñ 日本 ✓\n"
    assert without_unseen(text) == "exit code 137\n next\ttab\nñ 日本 ✓\n"
