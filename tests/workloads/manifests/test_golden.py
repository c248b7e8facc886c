"""What is rendered, to be read by people: one file a profile. `GOLDEN=write` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.workloads.manifests.profiles import PROFILES, SECRET
from workloads.manifests import text
from workloads.manifests.masking import masked
from workloads.manifests.render import render

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_rendered_is_what_was_read_and_agreed_to(name: str) -> None:
    found = text.documents(masked(item) for item in render(PROFILES[name]()).objects)
    place = GOLDEN / f"{name}.yaml"
    if os.environ.get("GOLDEN") == "write":
        place.write_text(found)
    assert found == place.read_text()


@pytest.mark.parametrize("name", PROFILES)
def test_the_text_is_the_objects(name: str) -> None:
    objects = render(PROFILES[name]()).objects
    assert list(yaml.safe_load_all(text.documents(objects))) == list(objects)


def test_no_golden_file_holds_a_secret_value() -> None:
    assert not [place.name for place in GOLDEN.iterdir() if SECRET in place.read_text()]


@pytest.mark.parametrize(
    "word", ["1e3", "0o17", "0x1F", "yes", "y", "1_000", "12:30", "null", "~", ".inf", "+1", "2026-01-01", "", "="]
)
def test_texts_that_look_like_something_else_are_quoted(word: str) -> None:
    assert text.document({"data": {"A": word}}) == f'data:\n  A: "{word}"\n'


@pytest.mark.parametrize("word", ["384Mi", "100m", "30s", "--bind", "harbour.wsgi:application", "25%"])
def test_texts_that_are_plainly_texts_are_left_readable(word: str) -> None:
    assert text.document({"data": {"A": word}}) == f"data:\n  A: {word}\n"
