"""Tools that read source code without running it: ruff, bandit, detect-secrets. Each answers with facts."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.core.errors import DeadlineExceeded, OutsideError
from workloads.adapters.children import Completed, Limits, clean_environment, run
from workloads.evidence import Fact

PROGRAMS = Path(sys.executable).parent
# Syntax, names, Django's pitfalls, likely bugs. Style is the team's own business.
RUFF_RULES = "E9,F,PLE,B,DJ"
UNDEFINED_NAME = frozenset({"F821", "F822", "F823"})
SYNTAX = "invalid-syntax"
RUFF_IGNORES = "DJ012"  # the order of a model's methods
NOT_OURS = ("node_modules", ".git", ".venv", "venv", "env", ".tox", "site-packages", "__pycache__", "bower_components")
BANDIT_SKIPS = "B101,B311"  # assert and random: in Django code nearly always harmless
SECRETS_EXCLUDE = (
    r"(^|/)(node_modules|\.git|venv|\.venv|locale|vendor|vendors|tests?|fixtures|testdata|docs?)/"
    r"|(^|/)test_[^/]*\.py$|tests?\.py$|\.(lock|svg|map|min\.js|min\.css|po|mo|ipynb|pem\.example|md|rst)$"
    r"|(^|/)(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|uv\.lock|poetry\.lock|Pipfile\.lock|requirements[^/]*\.txt)$"
)
SURE_SECRETS = ("Private Key", "AWS Access Key", "GitHub Token", "GitLab Token", "Slack Token", "Stripe Access Key", "PyPI Token",
                "SendGrid API Key", "Twilio API Key", "OpenAI Token", "Azure Storage Account access key", "NPM tokens")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scan:
    """Where a tool looks, and how long it may."""

    folder: Path
    seconds: float = 300.0
    cancelled: Callable[[], bool] | None = None


def ruff(scan: Scan, *, target: str = "") -> list[Fact]:
    """Syntax errors, undefined names, likely bugs. `target` is a Python version such as "3.12".

    The application's own ruff settings are not read: they may hide what matters here.
    """
    options = ["--isolated", "--no-cache", "--exit-zero", "--output-format=json", f"--select={RUFF_RULES}"]
    options += [f"--ignore={RUFF_IGNORES}", f"--extend-exclude={','.join(NOT_OURS)}"]
    options += [f"--target-version={_ruff_target(target)}"]
    found = _report(scan, lambda report: ["ruff", "check", *options, f"--output-file={report}", "."])
    lines = _Lines(scan.folder)
    return [_ruff_fact(item, scan.folder, lines) for item in found]


def bandit(scan: Scan) -> list[Fact]:
    """Dangerous code, tests and other people's code left out."""
    excluded = ",".join([*(f"*/{name}/*" for name in (*NOT_OURS, "tests", "test")), "*/test_*.py", "*/tests.py", "*/conftest.py"])
    options = ["-r", "-q", "--exit-zero", "-f", "json", "-x", excluded, "-s", BANDIT_SKIPS]
    found = _report(scan, lambda report: ["bandit", *options, "-o", str(report), "."])
    lines = _Lines(scan.folder)
    return [_bandit_fact(item, lines) for item in found["results"]]


def detect_secrets(scan: Scan) -> list[Fact]:
    """Secrets in the source. Nothing is verified against the services they may belong to, and no secret is in a fact."""
    done = _run(scan, ["detect-secrets", "scan", "--no-verify", "--all-files", "--exclude-files", SECRETS_EXCLUDE, "."])
    start = done.output.find("{\n")
    if done.exit_code or start < 0:
        raise _failed("detect-secrets", done)
    found = json.JSONDecoder().raw_decode(done.output[start:])[0]["results"]
    lines = _Lines(scan.folder)
    return [_secret_fact(item, lines) for items in found.values() for item in items]


def _report(scan: Scan, command: Callable[[Path], Sequence[str]]) -> Any:
    """The JSON that a tool wrote to a file."""
    with tempfile.TemporaryDirectory(prefix="timonel-scan-") as folder:
        report = Path(folder) / "report.json"
        argv = command(report)
        done = _run(scan, argv)
        if done.exit_code not in {0, 1} or not report.exists():
            raise _failed(argv[0], done)
        return json.loads(report.read_text() or "[]")


def _run(scan: Scan, argv: Sequence[str]) -> Completed:
    done = run(
        [str(PROGRAMS / argv[0]), *argv[1:]],
        cwd=scan.folder,
        environment=clean_environment(),
        limits=Limits(seconds=max(1.0, scan.seconds)),
        cancelled=scan.cancelled,
    )
    if done.ended == "timed_out":
        raise DeadlineExceeded(f"{argv[0]} did not finish in {done.seconds:.0f} s.", cure="Give this specialist more time.")
    return done


def _failed(tool: str, done: Completed) -> OutsideError:
    last = next((line for line in reversed(done.output.splitlines()) if line.strip()), "")
    return OutsideError(f"{tool} failed, {done.why()}: {last[:300]}", cure=f"Run `{' '.join(done.argv)}` by hand.")


class _Lines:
    """The text of lines, each file read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, list[str]] = {}

    def of(self, path: str, line: int) -> str:
        """The line without its indentation, or nothing where it cannot be read."""
        if path not in self._read:
            try:
                self._read[path] = (self._folder / path).read_text(errors="replace").splitlines()
            except OSError:
                self._read[path] = []
        lines = self._read[path]
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _ruff_target(version: str) -> str:
    match = re.match(r"3\.(\d+)", version)
    return f"py3{min(14, max(7, int(match[1])))}" if match else "py313"


def _ruff_fact(item: Mapping[str, Any], folder: Path, lines: _Lines) -> Fact:
    rule = item["code"] or SYNTAX
    path, line = str(Path(item["filename"]).relative_to(folder.resolve())), item["location"]["row"]
    cure = (item.get("fix") or {}).get("message") or ""
    return Fact("ruff", rule, _ruff_severity(rule), item["message"], path, line, lines.of(path, line), cure)


def _ruff_severity(rule: str) -> str:
    if rule == SYNTAX or rule.startswith("E9"):
        return "critical"
    if rule in UNDEFINED_NAME:
        return "high"
    return "medium" if rule.startswith(("PLE", "F7", "F5", "F6")) else "low" if rule.startswith(("B", "DJ")) else "info"


def _bandit_fact(item: Mapping[str, Any], lines: _Lines) -> Fact:
    path, line = item["filename"].removeprefix("./"), item["line_number"]
    severity = item["issue_severity"].lower()
    if severity == "high" and item["issue_confidence"] == "LOW":
        severity = "medium"
    text, cure = item["issue_text"], f"See {item['more_info']}"
    return Fact("bandit", item["test_id"], severity if severity in {"low", "medium", "high"} else "info", text, path, line,
                lines.of(path, line), cure)  # fmt: skip


def _secret_fact(item: Mapping[str, Any], lines: _Lines) -> Fact:
    path, line, kind = item["filename"].removeprefix("./"), item["line_number"], item["type"]
    severity = "high" if kind in SURE_SECRETS else "low"
    cure = "Move it to a variable of the environment, and change it: whoever can read the repository knows it."
    # The fingerprint rests on the hash, so a changed secret on the same line is a new fact.
    return Fact(
        "detect-secrets", kind, severity, f"This line seems to hold a secret ({kind}).", path, line, item["hashed_secret"], cure
    )


def worst_first(facts: Iterable[Fact]) -> list[Fact]:
    """The gravest first, then by place."""
    order = {"critical": 0, "high": 1, "medium": 2, "low": 3, "info": 4}
    return sorted(facts, key=lambda fact: (order[fact.severity], fact.path, fact.line or 0))
