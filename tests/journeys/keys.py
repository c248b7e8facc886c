"""A person with nothing but a keyboard, who must always see where they are and never be held fast."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import ElementHandle, Locator, Page, expect

STOPS = 250  # no page has more
# What the person sees of where they are: an outline, a shadow, or the stroke of a drawn box.
SEEN = """element => {
  const style = getComputedStyle(element);
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const box = element.querySelector?.('rect');
  return outlined || style.boxShadow !== 'none' || (box && parseFloat(getComputedStyle(box).strokeWidth) > 1);
}"""
HERE = "() => document.activeElement"


@dataclass
class Keys:
    """The keyboard of a page."""

    page: Page

    def press(self, *keys: str) -> None:
        """Press them one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self.page.keyboard.type(text)

    def to(self, wanted: Locator) -> None:
        """Go on with Tab until this has the focus; fail where the focus is not seen, or when it is never reached."""
        goal = wanted.element_handle()
        passed = []
        for _ in range(STOPS):
            here = self.next()
            if here.evaluate("(element, goal) => element === goal", goal):
                return
            passed.append(_told(here))
        raise AssertionError(f"Never reached; the last stops: {passed[-8:]}")

    def through(self) -> int:
        """Go on with Tab from the beginning of the page out at its end; return how many stops that were."""
        for passed in range(STOPS):
            if self.next().evaluate("element => element === document.body"):
                return passed
        raise AssertionError(f"There is no way out of the page; held fast at {_told(self.next())}")

    def next(self) -> ElementHandle:
        """The next stop, which is seen; the body stands for the edge of the page."""
        self.press("Tab")
        here = self.page.evaluate_handle(HERE).as_element()
        assert here is not None
        at_the_edge = here.evaluate("element => element === document.body")
        assert at_the_edge or here.evaluate(SEEN), f"The focus is not seen on {_told(here)}"
        return here

    def choose(self, wanted: Locator) -> None:
        """Go there and press Enter."""
        self.to(wanted)
        self.press("Enter")

    def write(self, wanted: Locator, text: str) -> None:
        """Go there and type."""
        self.to(wanted)
        self.type(text)

    def is_at(self, wanted: Locator) -> None:
        """This is where the person is, once news that came meanwhile have settled."""
        expect(wanted).to_be_focused()


def _told(element: ElementHandle) -> str:
    return str(element.evaluate("element => element.outerHTML.slice(0, 120)"))
