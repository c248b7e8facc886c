"""Files of variables beside the code: a committed .env, and examples of one."""

from __future__ import annotations

import re
from pathlib import Path

from controlplane.core.redaction import SECRET_NAME
from workloads.source import files

EXAMPLES = (
    ".env.example", ".env.sample", ".env.dist", ".env.template", ".env.defaults", ".env.default", ".env_example", ".env_sample",
    ".env-example", ".env-sample", ".env.local.example", ".env.prod.example", "env.example", "env.sample", "env.template",
    "example.env", "sample.env", ".envs/.local/.django", ".envs/.local/.postgres", ".env.test", ".env.ci",
)  # fmt: skip
LINE = re.compile(r"""^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^#\n]*?))\s*(?:#.*)?$""", re.M)
PLACEHOLDER = re.compile(r"^<.*>$|change|replace|your[-_ ]|xxx|todo|secret|\.\.\.|^\$\{", re.I)


def values(path: Path) -> dict[str, str]:
    """The variables of one file."""
    return {name: a or b or c for name, a, b, c in LINE.findall(files.text(path))}


def samples(places: list[Path]) -> dict[str, str]:
    """Usable values of the project's own examples: nothing secret, no placeholders."""
    found: dict[str, str] = {}
    for place in places:
        for name in EXAMPLES:
            for variable, value in values(place / name).items():
                if value and not SECRET_NAME.search(variable) and not PLACEHOLDER.search(value):
                    found.setdefault(variable, value)
    return found


def committed(places: list[Path]) -> tuple[str, ...]:
    """The variables that a committed .env file gives."""
    return tuple(sorted({name for place in places for name in values(place / ".env")}))
