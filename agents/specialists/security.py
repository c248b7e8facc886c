"""Security: dangerous code, known vulnerabilities of dependencies, secrets in the source, unsafe settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from agents.specialists import shown, workplace
from agents.specialists.parts import Part, evidence_of, facts_of, looked_of
from agents.specialists.work import Specialist, Work
from controlplane.core.errors import TimonelError
from workloads import described, findings
from workloads.adapters.audits import AuditResult, pip_audit
from workloads.adapters.scanners import SURE_SECRETS, Scan, bandit, detect_secrets
from workloads.evidence import Assessment, Evidence
from workloads.models import Environment
from workloads.verdicts import Verdict, overall

SHARE_OF_TIME = 0.3
# What makes a public site unsafe at once: debug pages, a key that everybody knows.
GRAVE_IN_PRODUCTION = frozenset({"security.W018", "security.W009"})


def assess(work: Work) -> Assessment:
    """Advisory but for what is critical; a look that was not possible is inconclusive, never clean."""
    looks = (("Code", _code), ("Dependencies", _dependencies), ("Secrets", _secrets), ("Settings", _settings))
    parts = [_look(work, name, look) for name, look in looks]
    facts = facts_of(parts)
    seen = findings.compare(work.application, facts, work.live_commit)
    critical = [one.fact for one in findings.counting(seen) if one.fact.severity == "critical"]
    verdict = Verdict.FAILED if critical else overall(part.verdict for part in parts)
    tables = (
        [shown.facts("What the scanners found", seen, "bandit, pip-audit, detect-secrets, check --deploy", verdict)]
        if facts
        else []
    )
    return Assessment(
        verdict=verdict,
        summary=" ".join([*(fact.message for fact in critical[:1]), *(part.says for part in parts)]),
        cure=critical[0].cure if critical else "",
        evidence=(_overview(parts), *tables, *evidence_of(parts)),
        facts=facts,
        looked=looked_of(parts),
        data={"facts": len(facts), "critical": len(critical)},
    )


def _look(work: Work, name: str, look: Callable[[Work], Part]) -> Part:
    try:
        part = look(work)
    except described.Unanswered as error:
        part = Part(name, Verdict.INCONCLUSIVE, f"{name} could not be examined: {error.trouble.message}")
    except TimonelError as error:
        part = Part(name, Verdict.INCONCLUSIVE, f"{name} could not be examined: {error.message}")
    work.say(part.says, level="warning" if part.verdict != Verdict.PASSED else "info")
    return part


def _code(work: Work) -> Part:
    found = bandit(_scan(work))
    high = sum(fact.severity == "high" for fact in found)
    says = f"bandit: {shown.count_of(len(found), 'finding', high, 'of high severity')}."
    return Part("Code", Verdict.PASSED, says, facts=tuple(found), looked=("bandit",))


def _secrets(work: Work) -> Part:
    found = detect_secrets(_scan(work))
    sure = sum(fact.rule in SURE_SECRETS for fact in found)
    says = f"detect-secrets: {shown.count_of(len(found), 'suspect line', sure, 'surely a secret')}."
    return Part("Secrets", Verdict.PASSED, says, facts=tuple(found), looked=("detect-secrets",))


def _dependencies(work: Work) -> Part:
    python = workplace.environment(work).python_path
    result = pip_audit(python, seconds=_share(work), cancelled=work.cancelled)
    if not result.could_audit:
        says = f"Dependencies could not be audited: {result.reason.rstrip('.')}."
        return Part("Dependencies", Verdict.INCONCLUSIVE, says, evidence=(_skipped(result),))
    says = f"pip-audit: {shown.count(len(result.vulnerable), 'known vulnerability', 'known vulnerabilities')}"
    says += f" in {len(result.audited)} packages"
    if result.skipped:
        says += f"; {shown.count(len(result.skipped), 'package')} could not be audited"
    verdict = Verdict.INCONCLUSIVE if result.skipped else Verdict.PASSED
    skipped = (_skipped(result),) if result.skipped else ()
    looked = () if result.skipped else ("pip-audit",)
    return Part("Dependencies", verdict, f"{says}.", facts=result.vulnerable, evidence=skipped, looked=looked)


def _settings(work: Work) -> Part:
    found = described.checks(workplace.enter(work), deploy=True)
    if work.environment.tier == Environment.Tier.PRODUCTION:
        found = [replace(fact, severity="critical") if fact.rule in GRAVE_IN_PRODUCTION else fact for fact in found]
    says = f"check --deploy: {shown.count(len(found), 'warning')}."
    return Part("Settings", Verdict.PASSED, says, facts=tuple(found), looked=("check --deploy",))


def _skipped(result: AuditResult) -> Evidence:
    rows = [[name, reason] for name, reason in sorted((result.skipped or {}).items())] or [["all", result.reason]]
    return shown.table("Packages that could not be audited", ("Package", "Why"), rows, "pip-audit", Verdict.INCONCLUSIVE)


def _overview(parts: Sequence[Part]) -> Evidence:
    rows = [[part.name, part.verdict.label, part.says] for part in parts]
    return shown.table("What was looked at", ("What", "Verdict", "Result"), rows)


def _scan(work: Work) -> Scan:
    return Scan(work.folder, _share(work), work.cancelled)


def _share(work: Work) -> float:
    """No look may use up the time of the others."""
    return max(10.0, work.remaining() * SHARE_OF_TIME)


SPECIALIST = Specialist(
    name="security",
    title="Security",
    purpose="Looks for vulnerable dependencies, dangerous code, secrets in the source and unsafe settings.",
    tools=("get_findings", "get_requirements", "search_source", "get_source", "search_knowledge", "get_document"),
    reports=("bandit", "pip-audit", "detect-secrets", "check --deploy"),
    assess=assess,
)
