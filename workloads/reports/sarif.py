"""SARIF 2.1.0, as CodeQL, Semgrep, Bandit, Ruff, Trivy and many others write it."""

from __future__ import annotations

from collections.abc import Iterator

from controlplane.core.errors import Invalid
from workloads.evidence import Fact
from workloads.reports.document import Node, load
from workloads.reports.shaping import fact, severity_of

NO_FINDING = frozenset({"pass", "notApplicable", "informational"})


def tool_of(content: bytes) -> str:
    """The name of the first run's tool."""
    first = next(load(content).get("runs").items(), None)
    return first.get("tool").get("driver").get("name").text() if first else ""


def facts(content: bytes, tool: str) -> Iterator[Fact]:
    """One a result that is a finding now: not suppressed in the report, not absent."""
    document = load(content)
    version = document.get("version").text()
    if not version.startswith("2.1"):
        raise Invalid(f"$.version: SARIF 2.1 is read, and this is {version[:20]!r}.")
    for run in document.get("runs").items():
        name = tool or run.get("tool").get("driver").get("name").text()
        rules = {rule.get("id").text(): rule for rule in run.get("tool").get("driver").get("rules").items()}
        ordered = list(rules.values())
        for result in run.get("results").items():
            if _counts(result):
                yield _fact(result, name, _rule(result, rules, ordered))


def _counts(result: Node) -> bool:
    accepted = any(entry.get("status").text("accepted") == "accepted" for entry in result.get("suppressions").items())
    absent = result.get("baselineState").text("new") == "absent"
    return not accepted and not absent and result.get("kind").text("fail") not in NO_FINDING


def _rule(result: Node, rules: dict[str, Node], ordered: list[Node]) -> Node | None:
    name, index = result.get("ruleId").text(""), result.get("ruleIndex").number()
    if name in rules:
        return rules[name]
    return ordered[index] if index is not None and 0 <= index < len(ordered) else None


def _fact(result: Node, tool: str, rule: Node | None) -> Fact:
    first = next(result.get("locations").items(), None)
    physical = _inside(first, "physicalLocation")
    region = _inside(physical, "region")
    place = _inside(physical, "artifactLocation")
    name = result.get("ruleId").text("") or (rule.get("id").text() if rule else "no-rule")
    return fact(
        result.place,
        tool,
        name,
        _severity(result, rule),
        result.get("message").get("text").text("") or name,
        path=place.get("uri").text("") if place else "",
        line=region.get("startLine").number() if region else None,
        source_line=_snippet(region),
        cure=_help(rule),
    )


def _inside(node: Node | None, name: str) -> Node | None:
    found = node.get(name) if node else None
    return found if found is not None and found.value is not None else None


def _snippet(region: Node | None) -> str:
    snippet = _inside(region, "snippet")
    return snippet.get("text").text("") if snippet else ""


def _help(rule: Node | None) -> str:
    said = _inside(rule, "help")
    return said.get("text").text("") if said else ""


def _severity(result: Node, rule: Node | None) -> str:
    properties = _inside(rule, "properties")
    score = properties.get("security-severity") if properties else None
    if score is not None and score.value is not None:
        return _of_score(score)
    defaults = _inside(rule, "defaultConfiguration")
    level = result.get("level").text("") or (defaults.get("level").text("") if defaults else "") or "warning"
    return severity_of(level, result.place)


def _of_score(score: Node) -> str:
    """As GitHub ranks `security-severity`: over 9 critical, from 7 high, from 4 medium."""
    try:
        value = float(str(score.value))
    except ValueError as error:
        raise score.wrong("a number") from error
    return "critical" if value >= 9 else "high" if value >= 7 else "medium" if value >= 4 else "low"
