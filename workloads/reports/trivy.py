"""Trivy's JSON: vulnerabilities, misconfigurations, secrets, licences are left out."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.evidence import Fact
from workloads.reports.document import Node, load
from workloads.reports.shaping import fact, severity_of


def facts(content: bytes, tool: str) -> Iterator[Fact]:
    """One a vulnerability, one a failed check, one a secret (never its text)."""
    document = load(content)
    if document.get("SchemaVersion").number() is None:
        raise document.get("SchemaVersion").wrong("a whole number")
    for result in document.get("Results").items():
        target = result.get("Target").text("")
        for found in result.get("Vulnerabilities").items():
            yield _vulnerability(found, tool, target)
        for found in result.get("Misconfigurations").items():
            if found.get("Status").text("FAIL") == "FAIL":
                yield _misconfiguration(found, tool, target)
        for found in result.get("Secrets").items():
            yield _secret(found, tool, target)


def _vulnerability(found: Node, tool: str, target: str) -> Fact:
    package, installed = found.get("PkgName").text(), found.get("InstalledVersion").text("")
    rule, mended = found.get("VulnerabilityID").text(), found.get("FixedVersion").text("")
    return fact(
        found.place,
        tool,
        rule,
        _severity(found),
        f"{package} {installed}: {found.get('Title').text('') or rule}",
        path=target,
        source_line=package,
        cure=f"Upgrade {package} to {mended}." if mended else "",
    )


def _misconfiguration(found: Node, tool: str, target: str) -> Fact:
    cause = found.get("CauseMetadata")
    line = cause.get("StartLine").number() if cause.value is not None else None
    message = found.get("Message").text("") or found.get("Title").text("")
    return fact(
        found.place,
        tool,
        found.get("ID").text(),
        _severity(found),
        message,
        path=target,
        line=line,
        cure=found.get("Resolution").text(""),
    )


def _secret(found: Node, tool: str, target: str) -> Fact:
    return fact(
        found.place,
        tool,
        found.get("RuleID").text(),
        _severity(found),
        found.get("Title").text("A secret in the source"),
        path=target,
        line=found.get("StartLine").number(),
        cure="Take it out of the source, and make a new one.",
    )


def _severity(found: Node) -> str:
    return severity_of(found.get("Severity").text("unknown"), found.get("Severity").place)
