"""Every word of the pages is said in Spanish, and the compiled file is the one of its source."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

from django.conf import settings
from django.utils import translation

FOLDER = Path(settings.LOCALE_PATHS[0]) / "es" / "LC_MESSAGES"
MARKED = re.compile(r"""\{%\s*translate\s+(?:"([^"]*)"|'([^']*)')""")


def compiled() -> dict[str, str]:
    with (FOLDER / "django.mo").open("rb") as file:
        found = gettext.GNUTranslations(file)
    return {key if isinstance(key, str) else key[0]: value for key, value in found._catalog.items()}  # type: ignore[attr-defined]


def test_every_marked_word_of_the_templates_is_translated() -> None:
    known = compiled()
    for template in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        for match in MARKED.finditer(template.read_text(encoding="utf-8")):
            words = match[1] or match[2]
            assert words in known, f"{template.name}: {words!r} has no Spanish: run makemessages, translate, compilemessages"


def test_the_compiled_file_belongs_to_its_source() -> None:
    source = (FOLDER / "django.po").read_text(encoding="utf-8")
    assert "#, fuzzy" not in source
    said = set(re.findall(r'^msgid "(.+)"$', source, re.M))
    assert said <= {key.replace("\\", "\\\\").replace('"', '\\"') for key in compiled()}


def test_every_state_has_a_spanish_word() -> None:
    from controlplane.dashboard.vocabulary import WORDS

    known = compiled()
    with translation.override("en"):
        words = {str(word.label) for word in WORDS.values()}
    assert words <= set(known)
