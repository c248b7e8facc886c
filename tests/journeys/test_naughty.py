"""Naughty strings in every text that pages show, in a real browser: nothing runs, nothing becomes an element or an attribute."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import Dialog, Page, expect

from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from tests.journeys import addresses
from tests.journeys.conftest import aside, sign_in
from tests.journeys.scene import Scene
from tests.naughty import spoiled
from tests.naughty.strings import LIST, MARKUP

pytestmark = pytest.mark.timeout(600)
PLAIN = ("words of a person",)
NAUGHTY = (*MARKUP, *(text for text in LIST if "<" in text or "javascript:" in text))
# What acts: elements that load, send or are pressed, and attributes that scripts of ours or of htmx obey.
ACTIVE = """() => {
  const obeyed = /^(on|hx-|ws-|srcdoc|formaction|data-(?!ago|since|live))/;
  const acting = new Set(('script iframe form object embed base meta link style img video audio marquee'
    + ' input button textarea select a').split(' '));
  return [...document.querySelectorAll('*')].flatMap(element => {
    const names = [...element.attributes].map(one => one.name).filter(name => obeyed.test(name));
    const tag = element.tagName.toLowerCase();
    if ((element.getAttribute('href') || '').trim().toLowerCase().startsWith('javascript:')) names.push('javascript:');
    if (tag === 'a' && element.closest('#log')) return names;  // one a line
    return acting.has(tag) || names.length ? [[tag, ...names].join(' ')] : [];
  });
}"""


@pytest.mark.slow
def test_no_text_becomes_anything_but_text(page: Page, scene: Scene) -> None:
    places = aside(_kinds, scene)
    aside(_token, scene)
    ran: list[str] = []

    def opened(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", opened)
    sign_in(page, "ada")
    aside(spoiled.say, PLAIN)
    expected = {place: _look(page, place) for place in places}
    aside(spoiled.say, NAUGHTY)
    for place in places:
        assert _look(page, place) == expected[place], place
        assert page.evaluate("typeof naughty") == "undefined", place
    assert ran == []


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_no_text_of_the_whole_list_becomes_anything_but_text(page: Page, scene: Scene) -> None:
    places = aside(_kinds, scene)
    sign_in(page, "ada")
    aside(spoiled.say, PLAIN)
    expected = {place: _look(page, place) for place in places}
    for turn in range(0, len(NAUGHTY), 5):
        aside(lambda first: spoiled.say(NAUGHTY, from_the=first), turn)
        for place in places:
            assert _look(page, place) == expected[place], (place, turn)
            assert page.evaluate("typeof naughty") == "undefined", (place, turn)


def _kinds(scene: Scene) -> list[str]:
    """One page of each kind, runs of each way they end among them."""
    decided = [f"/runs/{scene.runs[name].pk}/?node=testing" for name in ("waiting", "running", "stopped")]
    return [
        *addresses.kinds(scene),
        *decided,
        "/findings/?state=all",
        f"/environments/{scene.environments['billing/production'].pk}/",
        "/audit/1/",
    ]


def _token(scene: Scene) -> None:
    tokens.issue(Actor.system("test"), scene.people["ada"], "ci", [Verb.VIEW])


def _look(page: Page, place: str) -> Counter[str]:
    """What acts on the page, once its news have come."""
    page.goto(place)
    if page.locator("#log-count").count():
        expect(page.locator("#log .line").first).to_be_attached()
    if page.locator("[data-live], [hx-trigger*=bell]").count():
        page.evaluate("htmx.trigger(document.body, 'bell')")
        page.wait_for_timeout(200)  # news that come later look the same
    return Counter(page.evaluate(ACTIVE))
