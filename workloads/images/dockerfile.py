"""Pure: the Dockerfile. Stages: `assets` (Node, where there is a front end to build), `builder`, and what is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from workloads.images import commands, dummies, ignored, quoting, system
from workloads.images.recipe import Recipe
from workloads.source.project import Step

USER = 10001
ROOT = "/app/source"  # one deeper than needed: settings that collect static files beside the source still do so inside /app
MADE = ".timonel"  # the folder, beside the source, of what we bring
REQUIREMENTS, STATIC, SERVER = "requirements.txt", "timonel_static.py", "gunicorn.conf.py"
QUIET = "PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore"
NODE_PROGRAMS = frozenset({"npm", "npx", "node", "yarn", "pnpm"})
# How the package index is reached stays outside of every layer; a build without these secrets works as well.
PIP = "--mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca"
NPM = "--mount=type=secret,id=npm,target=/root/.npmrc --mount=type=secret,id=ca,target=/run/secrets/ca"
AND = " \\\n    && "
UNPINNED = "# hadolint ignore=DL3008\n"  # Debian keeps one version of a package: a pinned one is gone with the next correction
SERVING = '''"""Serves the collected static files: the application leaves that to the server before it, and there is none here."""

import os

from whitenoise import WhiteNoise

if os.path.isfile("gunicorn.conf.py"):
    with open("gunicorn.conf.py") as own:
        exec(compile(own.read(), "gunicorn.conf.py", "exec"))


def post_worker_init(worker):
    """Put the files before the application."""
    worker.wsgi = WhiteNoise(worker.wsgi, root=os.environ["SERVED_STATIC_ROOT"], prefix=os.environ["SERVED_STATIC_URL"])
'''


@dataclass(frozen=True, slots=True)
class Written:
    """What goes beside the source: the Dockerfile's text, that of .dockerignore, and files of MADE by their names."""

    dockerfile: str
    dockerignore: str
    files: dict[str, str]
    needs_static: bool  # whether `timonel_static.py` must stand in MADE


def write(recipe: Recipe) -> Written:
    """The Dockerfile and what it needs. The same recipe gives the same bytes. Raises Invalid for what cannot be named safely."""
    assets = _assets(recipe)
    stages = [_head(recipe), *([assets] if assets else []), _builder(recipe, bool(assets)), _shipped(recipe)]
    files = {REQUIREMENTS: "".join(f"{line}\n" for line in recipe.requirements)}
    if recipe.serves_static:
        files[SERVER] = SERVING
    return Written("\n\n".join(stages) + "\n", ignored.text(recipe), files, _needs_static(recipe))


def _head(recipe: Recipe) -> str:
    manager = recipe.project.requirements.manager
    because = recipe.project.python_because or "nothing asks for another"
    first = f"# {quoting.plain(recipe.name)}: made by Timonel from what its repository says of itself."
    pins = f"dependencies named by {manager}, in the versions its checks ran with."
    return f"{first}\n# Python {recipe.python} ({quoting.plain(because)}); {pins}"


def _assets(recipe: Recipe) -> str:
    """The front end, built where Node is; what is shipped has none of it but its products."""
    steps = [step for step in recipe.build if step.run[0] in NODE_PROGRAMS]
    if not steps:
        return ""
    lines = [f"FROM {recipe.node} AS assets", f'COPY [".", "{ROOT}"]']
    for place, here in _by_place(recipe, steps):
        words = [quoting.command(step.run) for step in here]
        words += [] if recipe.keeps_modules else ["rm -rf node_modules"]
        lines += [f"WORKDIR {place}", f"RUN {NPM} \\\n    {AND.join(words)}"]
    return "\n".join(lines)


def _by_place(recipe: Recipe, steps: list[Step]) -> list[tuple[str, list[Step]]]:
    """The steps in their order, those of one folder that follow each other together: one layer for them."""
    return [(place, list(here)) for place, here in groupby(steps, lambda step: _place(recipe, step.folder))]


def _builder(recipe: Recipe, assets: bool) -> str:
    lines = [
        f"FROM {recipe.base} AS builder",
        f"ENV {QUIET} PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH",
    ]
    lines += _installed(_build_packages(recipe))
    alone = "" if recipe.consistent else "--no-deps "
    lines.append("RUN python -m venv /opt/venv")
    lines.append(f'COPY ["{MADE}/{REQUIREMENTS}", "/opt/timonel/{REQUIREMENTS}"]')
    lines.append(f"RUN {PIP} \\\n    pip install --no-cache-dir {alone}--requirement /opt/timonel/{REQUIREMENTS}")
    lines.append(f'COPY --from=assets ["{ROOT}", "{ROOT}"]' if assets else f'COPY [".", "{ROOT}"]')
    if recipe.packages:
        places = " ".join(quoting.command([_at_root(package)]) for package in recipe.packages)
        lines.append(f"RUN {PIP} \\\n    pip install --no-cache-dir --no-deps {places}")
    for place, steps in _by_place(recipe, _steps(recipe)):
        lines += _done_there(recipe, place, steps)
    lines.append(f"RUN {_tidied(recipe)}")
    return "\n".join(lines)


def _steps(recipe: Recipe) -> list[Step]:
    """What the builder does with the source: build steps without Node, then the static files."""
    return [*(step for step in recipe.build if step.run[0] not in NODE_PROGRAMS), *recipe.static_steps]


def _done_there(recipe: Recipe, place: str, steps: list[Step]) -> list[str]:
    """Steps where they belong, with stand-ins for what the settings insist on."""
    settings = {"DJANGO_SETTINGS_MODULE": recipe.plan.settings_module} if recipe.plan.settings_module else {}
    given = quoting.assignments({**dummies.of(recipe.project), **settings})
    exported = [f"export {given}"] if given else []
    made = [path for path in _folders(recipe) if place == _place(recipe)]  # as its own start scripts would
    exported += [f"mkdir --parents {quoting.command(made)}"] if made else []
    return [f"WORKDIR {place}", f"RUN {AND.join([*exported, *(quoting.command(_words(step)) for step in steps)])}"]


def _words(step: Step) -> list[str]:
    words = list(step.run)
    if "timonel_static" not in words:
        return words
    return ["python", f"{ROOT}/{MADE}/{STATIC}", *words[words.index("timonel_static") + 1 :]]


def _tidied(recipe: Recipe) -> str:
    """What we brought leaves again, but for what runs; folders that hold data are made, and are the user's."""
    owned = [_place(recipe), *(f"{_place(recipe)}/{path}" for path in _folders(recipe))]
    keep = f"mv {ROOT}/{MADE}/{SERVER} /opt/timonel/{SERVER} && " if recipe.serves_static else ""
    places = " ".join(quoting.command([place]) for place in owned)
    return f"{keep}rm -rf {ROOT}/{MADE} \\\n    && install --directory --owner={USER} --group={USER} {places}"


def _shipped(recipe: Recipe) -> str:
    lines = [f"FROM {recipe.base}", *_labels(recipe)]
    lines += _installed(system.to_run(recipe.requirements, recipe.python, recipe.project.apps))
    lines.append(
        f"RUN groupadd --gid {USER} app \\\n    && useradd --uid {USER} --gid app --no-log-init --no-create-home --home-dir /tmp "
        "--shell /usr/sbin/nologin app"
    )
    lines += ['COPY --from=builder ["/opt/venv", "/opt/venv"]', 'COPY --from=builder ["/app", "/app"]']
    if recipe.serves_static:
        lines.append('COPY --from=builder ["/opt/timonel", "/opt/timonel"]')
    if recipe.plan.static_root.startswith("/") and recipe.static_steps:  # outside of everything: carried on its own
        place = f"/{quoting.folder(recipe.plan.static_root.strip('/'))}"
        lines.append(f'COPY --from=builder ["{place}", "{place}"]')
    lines.append(_environment(recipe))
    lines += [f"WORKDIR {_place(recipe)}", f"EXPOSE {commands.PORT}", f"USER {USER}:{USER}", "HEALTHCHECK NONE"]
    lines.append(quoting.instruction("CMD", commands.web_of(recipe.plan.processes)))
    return "\n".join(lines)


def _environment(recipe: Recipe) -> str:
    values = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"}  # noqa: S108 (inside the image)
    if recipe.plan.settings_module:
        values["DJANGO_SETTINGS_MODULE"] = recipe.plan.settings_module
    if recipe.serves_static:
        values["GUNICORN_CMD_ARGS"] = f"--config=/opt/timonel/{SERVER}"
        values["SERVED_STATIC_ROOT"] = _static_root(recipe)
        values["SERVED_STATIC_URL"] = recipe.plan.static_url
    return " \\\n    ".join(["ENV PATH=/opt/venv/bin:$PATH", *(f"{name}={quoting.value(given)}" for name, given in values.items())])


def _static_root(recipe: Recipe) -> str:
    root = recipe.plan.static_root
    return root if root.startswith("/") else f"{_place(recipe)}/{root}"


def _labels(recipe: Recipe) -> list[str]:
    given = {"title": recipe.name, "source": recipe.repository, "base.name": recipe.base_tag or recipe.base, **recipe.labels}
    lines = [f"org.opencontainers.image.{name}={quoting.value(text)}" for name, text in given.items() if text]
    return ["LABEL " + " \\\n    ".join(lines)]


def _installed(packages: tuple[str, ...]) -> list[str]:
    """Debian's packages, without what they recommend, the lists removed in the same layer."""
    if not packages:
        return []
    named = " \\\n        ".join(packages)
    return [
        f"{UNPINNED}RUN apt-get update \\\n    && apt-get install --yes --no-install-recommends \\\n        {named} \\\n"
        "    && rm -rf /var/lib/apt/lists/*"
    ]


def _build_packages(recipe: Recipe) -> tuple[str, ...]:
    """Compilers where something is compiled, gettext where translations are, GDAL where it is loaded by collecting."""
    found = set(system.for_build(recipe.requirements, recipe.python))
    found |= {"gettext"} if any("compilemessages" in step.run for step in recipe.build) else set()
    if _steps(recipe) or recipe.packages:
        found |= set(system.to_run(recipe.requirements, recipe.python, recipe.project.apps))
    return tuple(sorted(found))


def _needs_static(recipe: Recipe) -> bool:
    return any("timonel_static" in step.run for step in recipe.static_steps)


def _place(recipe: Recipe, inside: str = "") -> str:
    """Where manage.py is, or a folder as seen from there."""
    parts = [quoting.folder(part) for part in (recipe.project.folder, inside) if part]
    return "/".join([ROOT, *parts])


def _folders(recipe: Recipe) -> list[str]:
    """Folders of data, as seen from manage.py."""
    return [quoting.folder(path.rstrip("/")) for path in recipe.plan.shared if path.endswith("/")]


def _at_root(folder: str) -> str:
    """A folder as seen from the repository's root."""
    return ROOT if folder in {"", "."} else f"{ROOT}/{quoting.folder(folder)}"
