"""HTML inside Markdown: what it hides is hidden, across blocks too, as it is where the document is shown."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it.token import Token

from knowledge.chunking.parsable import parsable
from knowledge.chunking.veil import Attributes, Veil

BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "summary"}


class Inside:
    """Reads a document's HTML in order and knows what is seen at each place of it."""

    def __init__(self) -> None:
        self._veil = Veil()

    @property
    def unseen(self) -> bool:
        """Whether what comes now is not seen."""
        return self._veil.unseen

    def block(self, html: str) -> list[str]:
        """The lines of a block of HTML, as far as they are seen; as many as it has."""
        if not self._veil.unseen and "<" not in html:
            return html.split("\n")
        return self._read(html).split("\n")

    def inline(self, token: Token, seen: list[str], place: int) -> None:
        """Take what this text's HTML hides out of the lines from `place` on. What it leaves open ends with it."""
        children = token.children or []
        depth = self._veil.depth
        if not any(child.type == "html_inline" for child in children):
            if self.unseen:
                _blank(token, seen, place)
            return
        said = "".join(self._child(child) for child in children)
        for number, (line, shown) in enumerate(zip(token.content.split("\n"), _fitted(said, token.content), strict=True), place):
            if number < len(seen) and line:
                seen[number] = seen[number].replace(line, shown, 1) if line in seen[number] else shown
        self._veil.cut(depth)

    def _child(self, child: Token) -> str:
        if child.type == "html_inline":
            return self._read(child.content)
        if child.type in ("softbreak", "hardbreak"):
            return "\n"
        if self.unseen:
            return ""
        return f"`{child.content}`" if child.type == "code_inline" else child.content

    def _read(self, html: str) -> str:
        reader = _Reader(self._veil)
        reader.feed(parsable(html))
        reader.close()
        return "".join(reader.said)


class _Reader(HTMLParser):
    """Says what is seen of some HTML; its line ends stay, so that lines can be counted."""

    def __init__(self, veil: Veil) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._veil = veil

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Begin an element."""
        self._veil.begin(tag, attrs)
        if tag in BREAKS:
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        self._veil.end(tag)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.said.append("\n" * data.count("\n") if self._veil.unseen else data)


def _blank(token: Token, seen: list[str], place: int) -> None:
    for number, line in enumerate(token.content.split("\n"), place):
        if number < len(seen) and line:
            seen[number] = seen[number].replace(line, "", 1)


def _fitted(said: str, content: str) -> list[str]:
    """As many lines as the content has; what does not fit is in the last."""
    wanted = content.count("\n") + 1
    lines = said.split("\n")
    lines = lines if len(lines) <= wanted else [*lines[: wanted - 1], " ".join(lines[wanted - 1 :])]
    return lines + [""] * (wanted - len(lines))
