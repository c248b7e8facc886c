"""Pure: everything a Dockerfile is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from workloads.source.project import Project, RunPlan, Step

STATIC_WORDS = frozenset({"collectstatic", "timonel_static", "compress"})


@dataclass(frozen=True, slots=True)
class Recipe:
    """A project, how it runs, and what was found out about its dependencies."""

    project: Project
    plan: RunPlan
    name: str  # the application's
    base: str  # the image it starts from, by digest where that is known
    python: str  # "3.12": the Python of the base
    pins: tuple[str, ...]  # every distribution with its version, as `pip freeze` has them
    build: tuple[Step, ...] = ()  # the application's build steps
    base_tag: str = ""  # the base as people call it, where `base` names a digest
    node: str = "node:22-slim"
    packages: tuple[str, ...] = ()  # folders of the repository that are installed as packages
    consistent: bool = True  # whether the pins fit each other by their own word
    keeps_modules: bool = False  # whether node_modules is served
    repository: str = ""  # where the source is, without anybody's credentials
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def distributions(self) -> frozenset[str]:
        """The names of everything installed, normalised."""
        return frozenset(name for line in self.pins if (name := name_of(line)))

    @property
    def static_steps(self) -> tuple[Step, ...]:
        """The release steps that belong into the image: what they make is files of the release."""
        return tuple(step for step in self.plan.release_steps if in_image(step))

    @property
    def serves_static(self) -> bool:
        """Whether the image's own web server must serve the static files: the application leaves that to a server before it."""
        web = self.plan.processes.get("web", [])
        asked = self.plan.static_root and self.plan.static_url.startswith("/") and len(self.plan.static_url) > 1
        return bool(asked and web[:1] == ["gunicorn"] and "whitenoise" not in self.distributions)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What is installed from an index or another address, in order; nothing of the checkout itself."""
        kept = [line for line in self.pins if not _of_this_machine(line) and name_of(line) not in {"pip", "uv"}]
        extra = [WHITENOISE_OLD if older(self.python, "3.8") else WHITENOISE] if self.serves_static else []
        return tuple(sorted({*kept, *extra}, key=str.lower))


WHITENOISE, WHITENOISE_OLD = "whitenoise==6.6.0", "whitenoise==5.3.0"


def in_image(step: Step) -> bool:
    """Whether a release step is done while the image is built, and so never again where it runs."""
    return bool(STATIC_WORDS & set(step.run))


def name_of(pin: str) -> str:
    """The distribution a line of `pip freeze` names, normalised; empty for a path."""
    found = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:==|@|$)", pin)
    return canonicalize_name(found[1]) if found else ""


def version_of(pin: str) -> str:
    """The version of a line of `pip freeze`, or empty."""
    return pin.partition("==")[2].split(";")[0].strip()


def older(version: str, than: str) -> bool:
    """Whether a version is older, by its leading numbers."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _of_this_machine(line: str) -> bool:
    return not line.strip() or line.startswith(("-", "/", "#")) or "file://" in line
