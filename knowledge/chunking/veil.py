"""What of a page's markup a reader does not see, as far as the markup itself tells: its attributes, its styles, its kind. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SILENT = {"script", "style", "template", "noscript", "nav", "footer", "svg", "head", "iframe", "object", "form", "button"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
DEEPEST = 500  # open elements; a page that nests deeper is no page, and what is deeper belongs to the last of them
NOTHING = r"\s*:\s*[-+]?(?:0*\.)?0+(?:\.0*)?(?:px|r?em|ex|ch|pt|pc|cm|mm|in|q|%|vw|vh)?\s*(?:;|!|$)"
UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
    rf"|(?<![\w-])(?:font-size|opacity|width|height|max-width|max-height|zoom){NOTHING}"
    r"|(?<![\w-])font-size\s*:\s*[01](?:\.\d+)?\s*(?:px|pt|%)"
    r"|(?<![\w-])opacity\s*:\s*0?\.0\d*"
    r"|(?<![\w-])(?:left|right|top|bottom|text-indent|margin(?:-\w+)?)\s*:\s*-\s*\d{3,}"
    r"|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*(?:inset\(\s*(?:50|100)%|circle\(\s*0)|transform\s*:\s*scale\(\s*0",
    re.I,
)
COLOUR = re.compile(r"(?<![\w-])color\s*:\s*([^;!]+)", re.I)
GROUND = re.compile(r"(?<![\w-])background(?:-color)?\s*:\s*([^;!]+)", re.I)
WHITE = re.compile(r"white|snow|ivory|#f[a-f]f[a-f]f[a-f]|#fff|#fffa?|rgba?\((?:25[0-5][,\s]+){2}25[0-5].*\)|hsla?\(.*100%.*\)")
CLEAR = re.compile(r"transparent|#[0-9a-f]{6}00|#[0-9a-f]{3}0|(?:rgb|hsl)a?\(.*[,/]\s*(?:0?\.)?0+%?\s*\)")
Attributes = Sequence[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    unseen: bool
    ground: str


class Veil:
    """The elements that are open, and whether what stands in them is seen."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._tags: Counter[str] = Counter()

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._open)

    @property
    def unseen(self) -> bool:
        """Whether what comes now is not seen."""
        return bool(self._open) and self._open[-1].unseen

    def inside(self, tag: str) -> bool:
        """Whether an element of this name is open."""
        return self._tags[tag] > 0

    def begin(self, tag: str, attributes: Attributes) -> None:
        """An element begins; of an attribute that is given twice the first counts, as in browsers."""
        if tag in VOID or len(self._open) >= DEEPEST:
            return
        given = dict(reversed(attributes))
        ground = self._open[-1].ground if self._open else "white"
        style = given.get("style") or ""
        own = GROUND.search(style)
        ground = _colour(own.group(1)) if own else (given.get("bgcolor") or ground).lower()
        unseen = self.unseen or tag in SILENT or _hidden(tag, given, style, ground)
        self._open.append(_Open(tag, unseen, ground))
        self._tags[tag] += 1

    def end(self, tag: str) -> list[str]:
        """The nearest open element of this name ends, and whatever was left open inside it: these, the innermost first."""
        ended: list[str] = []
        while self._tags[tag] and self._open:
            last = self._open.pop().tag
            self._tags[last] -= 1
            ended.append(last)
            if last == tag:
                break
        return ended

    def cut(self, depth: int) -> None:
        """End what was opened beyond this depth."""
        while len(self._open) > depth:
            self._tags[self._open.pop().tag] -= 1


def _hidden(tag: str, given: dict[str, str | None], style: str, ground: str) -> bool:
    if "hidden" in given or given.get("aria-hidden") == "true" or UNSEEN.search(style):
        return True
    said = COLOUR.search(style)
    colour = _colour(said.group(1)) if said else (given.get("color") or "").strip().lower() if tag == "font" else ""
    if not colour:
        return False
    same = colour == ground or (WHITE.fullmatch(colour) is not None and WHITE.match(ground) is not None)
    return same or CLEAR.fullmatch(colour) is not None


def _colour(said: str) -> str:
    return " ".join(said.split()).lower()[:60]
