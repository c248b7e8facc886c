"""What must be done to a checkout before it runs: build steps, and release steps with the environment's variables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workloads.source import files
from workloads.source.commands import Commands
from workloads.source.project import Step
from workloads.source.readers import literal
from workloads.source.settings import Settings

BUILD_SCRIPTS = (
    "build:prod",
    "build:production",
    "build-prod",
    "build",
    "production",
    "prod",
    "webpack:production",
    "css:build",
    "build:css",
    "build-css",
    "tailwind:build",
    "compile",
    "dist",
)
BUNDLERS: dict[str, tuple[str, ...]] = {
    "gulpfile.js": ("npx", "--no-install", "gulp"),
    "gulpfile.mjs": ("npx", "--no-install", "gulp"),
    "webpack.config.js": ("npx", "--no-install", "webpack", "--mode", "production"),
    "vite.config.js": ("npx", "--no-install", "vite", "build"),
    "vite.config.ts": ("npx", "--no-install", "vite", "build"),
    "Gruntfile.js": ("npx", "--no-install", "grunt"),
}
NODE_MODULES = re.compile(
    r"node_modules|npm\.finders|NPM_ROOT_PATH|NODE_MODULES_ROOT"
)  # the latter: django-npm, django-node-assets
LOCKS: dict[str, tuple[str, ...]] = {
    "package-lock.json": ("npm", "ci"),
    "npm-shrinkwrap.json": ("npm", "ci"),
    "pnpm-lock.yaml": ("npx", "--yes", "pnpm@9", "install", "--frozen-lockfile"),
    "yarn.lock": ("npx", "--yes", "yarn@1", "install", "--frozen-lockfile"),
}


def build(folder: Path, root: Path, settings: Settings | None) -> list[Step]:
    """Front-end assets and translations."""
    steps = [step for place in _node_places(folder, root, settings) for step in _node(place, folder)]
    untranslated = next((path for path in _catalogues(folder) if not path.with_suffix(".mo").exists()), None)
    if untranslated is not None:
        because = f"{files.relative(untranslated, folder)} has no compiled .mo beside it"
        steps.append(Step("compile translations", ("python", "-m", "django", "compilemessages"), "build", because))
    return steps


def release(roots: tuple[Path, ...], settings: Settings | None, commands: Commands, manage: str) -> list[Step]:
    """Steps in the order in which they must run; each says why it is proposed."""
    syncdb = _apps_without_migrations(roots, settings)
    migrate = ("python", manage, "migrate", "--noinput", *(("--run-syncdb",) if syncdb else ()))
    because = (
        f"no migrations in {', '.join(syncdb[:3])}: their tables are made by --run-syncdb" if syncdb else "every Django project"
    )
    steps = [Step("migrate", migrate, "release", because)]
    words = settings.words if settings else {}
    if "DatabaseCache" in " ".join(words.get("CACHES", [])):
        steps.append(
            Step("create cache table", ("python", manage, "createcachetable"), "release", "settings: CACHES uses DatabaseCache")
        )
    if settings is None or (
        "django.contrib.staticfiles" in settings.apps and _collects(settings) and not committed_static(roots[0])
    ):
        steps.append(
            Step("collect static files", ("python", manage, "collectstatic", "--noinput"), "release", "settings: STATIC_ROOT")
        )
    if settings and "compressor" in settings.apps and _compresses_offline(settings):
        steps.append(Step("compress", ("python", manage, "compress", "--force"), "release", "settings: COMPRESS_OFFLINE"))
    own = {arguments: _own_step(arguments, origin, manage) for arguments, origin in commands.release.items()}
    before = [step for arguments, step in own.items() if arguments in commands.first]
    return [*before, *steps, *[step for arguments, step in own.items() if arguments not in commands.first]]


def _own_step(arguments: tuple[str, ...], origin: str, manage: str) -> Step:
    return Step(arguments[0].replace("_", " "), ("python", manage, *arguments), "release", origin)


def committed_static(folder: Path) -> str:
    """The folder of collected static files that the project keeps in its repository, if it does."""
    found = next((path for path in files.walk(folder, 3) if path.name == "staticfiles.json"), None)
    return files.relative(found.parent, folder) if found is not None else ""


def package_json(place: Path) -> dict[str, Any]:
    """The parsed package.json of a folder; empty when absent or broken."""
    try:
        found = json.loads(files.text(place / "package.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _node_places(folder: Path, root: Path, settings: Settings | None) -> list[Path]:
    """Folders with a package.json whose products Django uses: beside manage.py, at the root, or named by the settings."""
    places = [place for place in dict.fromkeys([folder, root]) if (place / "package.json").is_file()]
    named = " ".join(word for words in (settings.words if settings else {}).values() for word in words)
    for path in files.walk(folder, 3):
        if path.name == "package.json" and path.parent not in places:
            inside = path.parent.relative_to(folder).parts
            if path.parent.name == "static_src" or re.search(rf"(^|[\s/]){re.escape(inside[0])}([\s/]|$)", named):
                places.append(path.parent)
    return places


def _node(place: Path, folder: Path) -> list[Step]:
    found = package_json(place)
    scripts = found.get("scripts", {}) if isinstance(found.get("scripts"), dict) else {}
    script = next((name for name in BUILD_SCRIPTS if name in scripts), "")
    inside = "" if place == folder else files.relative(place, folder)
    name = f"{inside}/package.json".lstrip("/")
    bundler = next((command for file, command in BUNDLERS.items() if (place / file).is_file()), ()) if not script else ()
    used = script or bundler or serves_node_modules(folder)
    if not used or not (found.get("dependencies") or found.get("devDependencies")):
        return [Step(f"npm run {script}", ("npm", "run", script), "build", f"{name}: scripts.{script}", inside)] if script else []
    locks = [(lock, command) for lock, command in LOCKS.items() if (place / lock).is_file()]
    lock, install = locks[0] if locks else ("no lock file", ("npm", "install"))
    program = next(word for word in install if word[0] != "-" and word != "npx").partition("@")[0]
    steps = [Step(f"{program} install", install, "build", f"{name}, {lock}", inside)]
    if script:
        steps.append(Step(f"npm run {script}", ("npm", "run", script), "build", f"{name}: scripts.{script}", inside))
    elif bundler:
        steps.append(
            Step(" ".join(bundler[2:]), bundler, "build", f"{name} has no build script; its bundler is {bundler[2]}", inside)
        )
    return steps


def serves_node_modules(folder: Path) -> bool:
    """Whether the settings find static files in node_modules."""
    return any(
        NODE_MODULES.search(files.text(path))
        for path in files.walk(folder, 3)
        if path.suffix == ".py" and ("settings" in str(path.relative_to(folder)) or path.name.startswith("base"))
    )


def _catalogues(folder: Path) -> list[Path]:
    found = [
        *folder.glob("locale/*/LC_MESSAGES/*.po"),
        *folder.glob("*/locale/*/LC_MESSAGES/*.po"),
        *folder.glob("*/*/locale/*/LC_MESSAGES/*.po"),
    ]
    return [path for path in sorted(found) if not set(path.relative_to(folder).parts) & files.IGNORED - {"locale"}]


def _apps_without_migrations(roots: tuple[Path, ...], settings: Settings | None) -> list[str]:
    """Installed applications of the project itself that have models and no migrations."""
    lacking = []
    for app in settings.apps if settings else ():
        module = re.sub(r"\.apps\.\w+$", "", app)
        package = files.module_file(roots, module)
        place = package.parent if package is not None and package.name == "__init__.py" else _namespace(roots, module)
        if place is None or (place / "migrations").is_dir():
            continue
        models = [place / "models.py", *sorted((place / "models").glob("*.py"))]
        if any(_has_tables(files.text(path)) for path in models):
            lacking.append(module)
    return lacking


def _has_tables(models: str) -> bool:
    """Whether a module of models holds one that is not abstract."""
    classes = re.findall(r"^class \w+\(.*\b(?:models\.)?Model\b", models, re.M)
    return len(classes) > len(re.findall(r"^\s+abstract\s*=\s*True", models, re.M))


def _namespace(roots: tuple[Path, ...], module: str) -> Path | None:
    places = (root.joinpath(*module.split(".")) for root in roots)
    return next((place for place in places if module and (place / "models.py").is_file()), None)


def _collects(settings: Settings) -> bool:
    return (
        "STATIC_ROOT" in settings.values
        or "STATIC_ROOT" in settings.words
        or any(read.setting == "STATIC_ROOT" for read in settings.reads)
    )


def _compresses_offline(settings: Settings) -> bool:
    value = settings.values.get("COMPRESS_OFFLINE")
    return value is not None and literal(value) is not False
