"""The audit of an environment's packages for known vulnerabilities: clean, vulnerable, or not audited and why."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workloads.adapters.children import Completed, Limits, clean_environment, run
from workloads.adapters.scanners import PROGRAMS
from workloads.evidence import Fact

TOOLS = frozenset({"pip", "setuptools", "wheel"})  # of the environment, not of the application
_NOISE = re.compile(r"^\s*(File |Traceback|\^|During|The above)|^\s*$")


@dataclass(frozen=True, slots=True)
class AuditResult:
    """`audited` packages were looked up; `skipped` ({package: reason}) were not; `reason` says why nothing was.

    Clean only when every package was looked up and none is known to be vulnerable.
    """

    audited: tuple[str, ...] = ()
    skipped: Mapping[str, str] | None = None
    vulnerable: tuple[Fact, ...] = ()
    reason: str = ""

    @property
    def could_audit(self) -> bool:
        """Whether anything was looked up at all."""
        return bool(self.audited) and not self.reason

    @property
    def clean(self) -> bool:
        """Whether all packages were looked up and nothing is known against them."""
        return self.could_audit and not self.skipped and not self.vulnerable


def pip_audit(python: Path, *, seconds: float = 180.0, cancelled: Callable[[], bool] | None = None) -> AuditResult:
    """What the advisory database of the package index knows of the packages beside that interpreter."""
    folders = sorted(python.parent.parent.glob("lib/python3*/site-packages"))
    if not folders:
        return AuditResult(reason=f"there are no packages beside {python}")
    with tempfile.TemporaryDirectory(prefix="timonel-audit-") as scratch:
        report = Path(scratch) / "report.json"
        options = [
            "--path",
            str(folders[0]),
            "--format=json",
            "--progress-spinner=off",
            "--timeout=10",
            "--desc=off",
            "--aliases=on",
        ]
        done = run(
            [str(PROGRAMS / "pip-audit"), *options, "--output", str(report)],
            cwd=Path(scratch),
            environment=clean_environment(),
            limits=Limits(seconds=max(1.0, seconds)),
            cancelled=cancelled,
        )
        if not report.exists() or not report.read_text().strip():
            return AuditResult(reason=_why(done))
        return read_report(json.loads(report.read_text()))


def read_report(report: Mapping[str, Any]) -> AuditResult:
    """What pip-audit reported. It says `no known vulnerabilities` also when it could look up nothing: that is not clean."""
    packages = [package for package in report["dependencies"] if package["name"].lower() not in TOOLS]
    skipped = {package["name"]: package["skip_reason"] for package in packages if "skip_reason" in package}
    audited = tuple(package["name"] for package in packages if "skip_reason" not in package)
    facts = [_fact(package, known) for package in packages for known in package.get("vulns", ())]
    return AuditResult(audited, skipped, tuple(facts), "" if audited else _nothing_audited(skipped))


def _fact(package: Mapping[str, Any], known: Mapping[str, Any]) -> Fact:
    names = [known["id"], *known.get("aliases", ())]
    rule = next((name for name in names if name.startswith("CVE-")), names[0])
    fixed = known.get("fix_versions") or []
    message = f"{package['name']} {package['version']} has the known vulnerability {', '.join(names)}."
    cure = f"Upgrade to {package['name']} {' or '.join(fixed)}." if fixed else "No release without it is known yet."
    return Fact("pip-audit", rule, "high" if fixed else "medium", message, path=package["name"], cure=cure)


def _nothing_audited(skipped: Mapping[str, str]) -> str:
    if not skipped:
        return "the environment holds no packages"
    first = next(iter(skipped.values()))
    return f"the advisory database answered for none of {len(skipped)} packages ({first})"


def _why(done: Completed) -> str:
    if done.ended != "exited":
        return f"pip-audit was {done.why()}"
    lines = [line.strip() for line in done.output.splitlines() if not _NOISE.match(line)]
    return lines[-1][:300] if lines else f"pip-audit ended with {done.why()} and said nothing"
