"""Build steps in a copy of the source: front-end assets, translations, whatever the application proposes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from controlplane.core.redaction import redact
from workloads.adapters import children, toolchain
from workloads.adapters.children import Completed, Limits
from workloads.building import failures, folders
from workloads.building.failures import BuildFailed
from workloads.drivers import Say
from workloads.source.project import Step
from workloads.source.steps import serves_node_modules

LIMITS = Limits(seconds=1200, memory_bytes=6 * 1024**3)
OLD_OPENSSL = "ERR_OSSL_EVP_UNSUPPORTED"
OUT_OF_STEP = ("npm ci` can only install", "can only install packages when your package.json and package-lock.json")


@dataclass
class Work:
    """One artefact being built, in `folder` (where manage.py is)."""

    folder: Path
    python: Path
    say: Say
    cancelled: Callable[[], bool]
    deadline: float
    log: list[str] = field(default_factory=list)
    made_modules: set[Path] = field(default_factory=set)

    def do(self, step: Step) -> None:
        """Run one step; BuildFailed says what went wrong and what helps."""
        place = self.folder / step.folder
        self.say(f"Build step: {step.name}")
        if step.run[0] in {"npm", "npx", "node", "yarn"}:
            self._need_node(step)
            if not (place / "node_modules").exists():
                self.made_modules.add(place / "node_modules")
        elif "compilemessages" in step.run and toolchain.program("msgfmt") is None:
            self._tell("Translations are not compiled: msgfmt is not installed (package gettext).")
            return
        done = self._run(step.run, place)
        if not done.ok and (other := self._another_way(step, done)) is not None:
            done = other
        if not done.ok and "compilemessages" not in step.run:
            message, cure = failures.explain_step(step.name, done.output, done.why())
            raise BuildFailed(message, cure=cure, log=self.text())

    def tidy(self) -> None:
        """Remove what only the build needed."""
        for modules in self.made_modules:
            if not serves_node_modules(self.folder):
                folders.remove(modules)
        for cache in list(self.folder.rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)

    def text(self) -> str:
        """The log so far, redacted."""
        return "\n".join(self.log)

    def _another_way(self, step: Step, done: Completed) -> Completed | None:
        """The known ways out of the known troubles of older front ends; each is told."""
        place = self.folder / step.folder
        if OLD_OPENSSL in done.output:
            self._tell("The bundler is older than this Node's OpenSSL: trying again with the legacy provider.")
            return self._run(step.run, place, NODE_OPTIONS="--openssl-legacy-provider")
        if step.run[:2] == ("npm", "ci") and any(sign in done.output for sign in OUT_OF_STEP):
            self._tell("package-lock.json does not fit package.json: installing by package.json instead. Commit a fresh lock file.")
            return self._run(("npm", "install"), place)
        if step.run[0] == "npm" and "ERESOLVE" in done.output:
            self._tell("npm finds contradicting peer dependencies: trying again as npm 6 did (--legacy-peer-deps).")
            return self._run((*step.run, "--legacy-peer-deps"), place)
        return None

    def _run(self, argv: tuple[str, ...], place: Path, **extra: str) -> Completed:
        command = (str(self.python), *argv[1:]) if argv[0] == "python" else argv
        self.log.append("$ " + " ".join(argv))
        done = children.run(
            command,
            cwd=place,
            environment=self._environment() | extra,
            limits=replace(LIMITS, seconds=max(1.0, min(LIMITS.seconds, self.deadline - time.monotonic()))),
            on_line=self._line,
            cancelled=self.cancelled,
        )
        if done.ended == "cancelled":
            raise folders.Cancelled("The build was cancelled.")
        return done

    def _environment(self) -> dict[str, str]:
        programs = [str(self.python.parent), children.SEARCH_PATH]
        node = toolchain.program("node")
        programs[1:1] = [str(node.parent)] if node else []
        home = folders.room("cache") / "home"
        home.mkdir(exist_ok=True)
        own = {"PATH": ":".join(programs), "HOME": str(home), "npm_config_cache": str(folders.room("cache") / "npm"), "CI": "1"}
        quiet = {"npm_config_fund": "false", "npm_config_audit": "false", "npm_config_update_notifier": "false", "NO_COLOR": "1"}
        return children.clean_environment(
            **toolchain.index_environment(), **own, **quiet, VIRTUAL_ENV=str(self.python.parent.parent)
        )

    def _need_node(self, step: Step) -> None:
        if toolchain.program("npm") is None:
            raise BuildFailed(
                f"{step.name} needs Node.js, which is not installed.",
                cure="Install Node.js with npm, or remove the build step of the application.",
                log=self.text(),
            )

    def _tell(self, text: str) -> None:
        self.log.append(f"# {text}")
        self.say(text, kind="note", level="warning")

    def _line(self, line: str) -> None:
        clean = redact(line)
        self.log.append(clean)
        self.say(clean, kind="line")
