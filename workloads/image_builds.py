"""Images of applications: built from their own Dockerfile or a made one, pushed, and found again where they are there already."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from controlplane.core.errors import Invalid
from controlplane.core.redaction import redact
from workloads import builds, images, registries
from workloads.adapters import builders, toolchain
from workloads.adapters.builders import Around, Builder, Order
from workloads.adapters.children import Completed
from workloads.adapters.registry import Found
from workloads.building import failures, folders, inputs
from workloads.building.failures import BuildFailed
from workloads.builds import Artefact
from workloads.drivers import Say
from workloads.images import MADE, Recipe, Reference, Written
from workloads.images.dockerfile import STATIC
from workloads.models import Application, Target
from workloads.source.plan import build_steps
from workloads.source.project import Project, RunPlan
from workloads.source.steps import serves_node_modules

FORMAT = "1"  # changes when what we make of the same inputs changes
OWN_STATIC = Path(__file__).parent / "building" / STATIC
NOISE = re.compile(
    r"(Error: building at STEP|subprocess exited|error building at STEP|exit status|ERROR: failed to solve|RUN |STEP )"
)
PYTHON_OF = re.compile(r"python:(\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of what an image is made, and where it belongs. `deadline` is a time of time.monotonic()."""

    application: Application
    target: Target
    source: Path
    project: Project
    plan: RunPlan
    artefact: Artefact
    commit: str
    say: Say
    cancelled: Callable[[], bool]
    deadline: float

    @property
    def name(self) -> Reference:
        """Where it is pushed. Raises Invalid where nothing is set, or nothing that a registry takes."""
        repository = self.target.image_repository
        if not repository:
            raise Invalid(
                f"{self.target.environment} has no image repository.",
                cure="Set it at the environment's target (registry/team/name), or name an image that CI built: `--image`.",
            )
        return images.parse(repository)


@dataclass(frozen=True, slots=True)
class Image:
    """An image in its registry. `cached`: it was there already. `dockerfile` is the text it was built from."""

    reference: Reference
    found: Found
    cached: bool
    builder: str = ""
    base: str = ""
    dockerfile: str = ""
    log: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What will be built: a made Dockerfile, or the application's own."""

    dockerfile: str
    made: Written | None
    base: str = ""
    notes: tuple[str, ...] = ()


def build(wanted: Wanted) -> Image:
    """The image of these inputs; whoever asks at the same time gets the same one.

    Raises Invalid where something is not set up, BuildFailed with the builder's reason and log.
    """
    name = wanted.name
    planned = _own(wanted) if wanted.target.dockerfile else _made(wanted)
    key = _key(wanted, planned)
    image = Reference(name.registry, name.repository, f"timonel-{key[:24]}")
    with folders.turn(folders.room("images") / f"{key}.lock", wanted.cancelled, wanted.deadline):
        found = registries.look(image)
        if found is not None:
            wanted.say(f"The image of these inputs is there already: {image}")
            return Image(image.at(found.digest), found, True, "", planned.base, planned.dockerfile, "", planned.notes)
        return _build_and_push(wanted, planned, image)


def python_of_the_base() -> str:
    """The Python that every image has, where the base image is a fixed one; empty where it follows the application."""
    base = str(settings.BASE_IMAGE)
    found = PYTHON_OF.search(base) if "{python}" not in base else None
    return found[1] if found else ""


def _own(wanted: Wanted) -> _Plan:
    path = (wanted.source / wanted.target.dockerfile).resolve()
    if not path.is_relative_to(wanted.source.resolve()) or not path.is_file():
        raise Invalid(
            f"The repository has no {wanted.target.dockerfile} at this commit.",
            cure="Correct the Dockerfile's path at the target, or leave it empty: then one is made.",
        )
    return _Plan(path.read_text(encoding="utf-8", errors="replace"), None)


def _made(wanted: Wanted) -> _Plan:
    python = wanted.artefact.environment.python.rpartition(".")[0]
    fixed = python_of_the_base()
    if fixed and fixed != python:
        raise Invalid(
            f"The base image has Python {fixed}, but the application was checked with Python {python}.",
            cure=f"Set TIMONEL_BASE_IMAGE to one with Python {python}, or to a pattern such as python:{{python}}-slim-bookworm.",
        )
    base, why = registries.try_to_pin(images.parse(str(settings.BASE_IMAGE).replace("{python}", python)))
    node = toolchain.node_version().partition(".")[0] or "22"
    recipe = Recipe(
        project=wanted.project,
        plan=wanted.plan,
        name=wanted.application.name,
        base=base.pinned or str(base),
        base_tag=base.tagged,
        python=python,
        pins=tuple(builds.frozen(wanted.artefact.environment).splitlines()),
        build=build_steps(wanted.project, wanted.application),
        node=str(settings.NODE_IMAGE).replace("{node}", node),
        packages=tuple(_packages(wanted)),
        consistent=builds.is_consistent(wanted.artefact.environment),
        keeps_modules=serves_node_modules(wanted.source / wanted.project.folder),
        repository=redact(wanted.application.repository),
    )
    notes = (f"The base image {base} is named by its tag: {why}",) if why else ()
    written = images.write(recipe)
    return _Plan(written.dockerfile, written, base.pinned or str(base), notes)


def _packages(wanted: Wanted) -> Iterator[str]:
    """Folders of the repository that are installed, as seen from its root."""
    for folder in inputs.local_folders(wanted.source, wanted.project):
        if folder.resolve().is_relative_to(wanted.source.resolve()):
            yield folder.resolve().relative_to(wanted.source.resolve()).as_posix()


def _key(wanted: Wanted, planned: _Plan) -> str:
    made = [planned.made.dockerignore, sorted(planned.made.files.items())] if planned.made else [wanted.target.dockerfile]
    content = json.dumps([FORMAT, wanted.artefact.digest, planned.dockerfile, made])
    return hashlib.sha256(content.encode()).hexdigest()


def _build_and_push(wanted: Wanted, planned: _Plan, image: Reference) -> Image:
    builder, work = builders.find(), _Work(wanted)
    base = images.parse(planned.base) if planned.base else None
    login = registries.login(image.registry)
    logins = [login] if base is None or base.registry == image.registry else [login, registries.login(base.registry)]
    with _context(wanted, planned) as (context, dockerfile, secrets):
        wanted.say(f"Building {image} with {builder.name}")
        labels = {"org.opencontainers.image.revision": wanted.commit}
        insecure = any(one.insecure for one in logins if base is not None and one.registry == base.registry)
        order = Order(context, dockerfile, str(image), labels, secrets if planned.made else {}, insecure)
        work.demand("The image", builder.build(order, logins, work.around))
    digest = work.push(builder, image, login)
    found = registries.look(image.at(digest))
    if found is None:
        raise BuildFailed(
            f"{image.registry} does not have {image} after it was pushed.", cure="Look at the registry.", log=work.text()
        )
    return Image(image.at(digest), found, False, builder.name, planned.base, planned.dockerfile, work.text(), planned.notes)


@contextmanager
def _context(wanted: Wanted, planned: _Plan) -> Iterator[tuple[Path, Path, dict[str, Path]]]:
    """The folder that is built, its Dockerfile and the secrets beside it; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="timonel-image-", dir=folders.room("images")) as name:
        context = Path(name) / "context"
        shutil.copytree(wanted.source, context, symlinks=True, ignore=folders.left_by_running)
        dockerfile = context / (wanted.target.dockerfile or f"{MADE}/Dockerfile")
        if planned.made is not None:
            _write(context, planned.made)
        yield context, dockerfile, builders.index_secrets(Path(name))


def _write(context: Path, made: Written) -> None:
    """What we bring, in the place of whatever stands there."""
    folders.remove(context / MADE)
    (context / MADE).mkdir()
    (context / MADE / "Dockerfile").write_text(made.dockerfile, encoding="utf-8")
    for name in (".dockerignore", ".containerignore"):
        (context / name).unlink(missing_ok=True)
    (context / ".dockerignore").write_text(made.dockerignore, encoding="utf-8")
    for name, content in made.files.items():
        (context / MADE / name).write_text(content, encoding="utf-8")
    if made.needs_static:
        shutil.copy(OWN_STATIC, context / MADE / STATIC)


@dataclass
class _Work:
    """One build: its log, and what a failure of it means."""

    wanted: Wanted
    log: list[str] = field(default_factory=list)

    @property
    def around(self) -> Around:
        """Lines go to the story and the log."""
        return Around(self._line, self.wanted.cancelled, lambda: self.wanted.deadline - time.monotonic())

    def demand(self, name: str, done: Completed) -> None:
        """Raise what a program's failure means."""
        if done.ended == "cancelled":
            raise folders.Cancelled("The build was cancelled.")
        if not done.ok:
            said = "\n".join(line for line in redact(done.output).splitlines() if not NOISE.match(line.strip()))
            message, cure = failures.explain_step(name, said, done.why())
            raise BuildFailed(message, cure=cure, log=self.text())

    def push(self, builder: Builder, image: Reference, login: builders.Login) -> str:
        """Push, and return the digest."""
        self.wanted.say(f"Pushing {image}")
        done, digest = builder.push(str(image), login, self.around)
        self.demand("The push", done)
        if not digest:
            raise BuildFailed(
                f"{builder.name} does not tell the digest of {image}.", cure="Use buildah or podman.", log=self.text()
            )
        return digest

    def text(self) -> str:
        """The log so far."""
        return "\n".join(self.log)

    def _line(self, line: str) -> None:
        self.log.append(line)
        self.wanted.say(line, kind="line")
