"""Code quality: ruff and Django's own checks, told apart into what is new since the live commit and what cannot work."""

from __future__ import annotations

from collections.abc import Sequence

from agents.specialists import shown, workplace
from agents.specialists.parts import Part, evidence_of, facts_of, first_cure, looked_of
from agents.specialists.work import Specialist, Work
from controlplane.core.errors import TimonelError
from workloads import described, findings
from workloads.adapters import toolchain
from workloads.adapters.scanners import Scan, ruff
from workloads.evidence import Assessment, Evidence
from workloads.fatal import cannot_work, only_when_it_runs
from workloads.findings import Seen
from workloads.verdicts import Verdict, overall

# Troubles of the surroundings: they say nothing of the code.
NOT_THE_CODE = frozenset({"database", "timed_out", "died"})
CHECK = ("check",)
RUFF_ASKED = "ruff check (syntax, undefined names, likely bugs, Django's pitfalls)"


def assess(work: Work) -> Assessment:
    """Fails on what cannot work: syntax errors, undefined names, errors of Django's checks. The rest is shown."""
    parts = [_ruff(work), _check(work)]
    facts = facts_of(parts)
    return Assessment(
        verdict=overall(part.verdict for part in parts),
        summary=" ".join(part.says for part in parts),
        cure=first_cure(parts),
        evidence=evidence_of(parts),
        facts=facts,
        looked=looked_of(parts),
        data={"facts": len(facts)},
    )


def _ruff(work: Work) -> Part:
    work.say("Reading the code with ruff.")
    try:
        target = toolchain.likely_minor(work.project.python_request, work.project.python_preferred)
        found = ruff(Scan(work.folder, work.remaining(), work.cancelled), target=target)
    except TimonelError as error:
        return Part("ruff", Verdict.INCONCLUSIVE, f"ruff gave no answer: {error.message}", error.cure)
    seen = findings.compare(work.application, found, work.live_commit)
    fatal = [one for one in findings.counting(seen) if _stops(one, work)]
    doubtful = [] if fatal or work.live_commit else [one for one in seen if _would_fail(one, work)]
    verdict = Verdict.FAILED if fatal else Verdict.INCONCLUSIVE if doubtful else Verdict.PASSED
    work.say(f"ruff: {shown.count(len(found), 'finding')}, {len(fatal)} of them cannot work.", level="error" if fatal else "info")
    table = shown.facts("What ruff found", seen, RUFF_ASKED, verdict)
    says = _doubt(doubtful) if doubtful else _ruff_says(seen, fatal, work)
    return Part("ruff", verdict, says, _ruff_cure(fatal or doubtful), tuple(found), (table,) if found else (), ("ruff",))


def _would_fail(one: Seen, work: Work) -> bool:
    return cannot_work(one.fact, work.folder) and only_when_it_runs(one.fact, work.folder)


def _stops(one: Seen, work: Work) -> bool:
    """What is live with the same fault has shown that it can live with it; where nothing is live, what loads can."""
    if work.live_commit is None:
        return cannot_work(one.fact, work.folder) and not only_when_it_runs(one.fact, work.folder)
    return one.new and cannot_work(one.fact, work.folder)


def _doubt(doubtful: Sequence[Seen]) -> str:
    first = doubtful[0].fact
    return (
        f"{shown.count(len(doubtful), 'line')} would fail if they ever ran, and nothing live tells whether they do: "
        f"{shown.place(first)}: {first.message}."
    )


def _ruff_says(seen: Sequence[Seen], fatal: Sequence[Seen], work: Work) -> str:
    if fatal:
        first = fatal[0].fact
        return f"{shown.count(len(fatal), 'error')} in the code: {shown.place(first)}: {first.message}."
    counting = findings.counting(seen)
    if work.live_commit is None:
        return f"ruff found no error, and {shown.count(len(counting), 'remark')}."
    new = sum(one.new for one in counting)
    return f"ruff found no error, and {shown.count(new, 'new remark')} since the live commit ({len(counting)} in all)."


def _ruff_cure(fatal: Sequence[Seen]) -> str:
    places = dict.fromkeys(shown.place(one.fact) for one in fatal)
    return f"Mend {', '.join([*places][:3])} and deploy the new commit." if fatal else ""


def _check(work: Work) -> Part:
    try:
        inside = workplace.enter(work)
        work.say("Running Django's checks in the release's environment.")
        found = described.checks(inside)
    except described.Unanswered as error:
        return _not_loaded(error)
    except TimonelError as error:
        return Part("check", Verdict.INCONCLUSIVE, f"Django's checks could not be run: {error.message}", error.cure)
    errors = [fact for fact in found if fact.severity in {"high", "critical"}]
    verdict = Verdict.FAILED if errors else Verdict.PASSED
    seen = findings.compare(work.application, found, work.live_commit)
    table = shown.facts("What Django's checks say", seen, "manage.py check", verdict)
    if not errors:
        says = f"Django's checks pass, with {shown.count(len(found), 'warning')}."
        return Part("check", verdict, says, "", tuple(found), (table,) if found else (), CHECK)
    says = f"Django's checks report {shown.count(len(errors), 'error')}: {errors[0].message}"
    return Part("check", verdict, says, errors[0].cure or "Mend what manage.py check reports.", tuple(found), (table,), CHECK)


def _not_loaded(error: described.Unanswered) -> Part:
    trouble = error.trouble
    verdict = Verdict.INCONCLUSIVE if trouble.kind in NOT_THE_CODE else Verdict.FAILED
    at = f" at {trouble.place}" if trouble.place else ""
    evidence = Evidence("What the application said while it was loaded", "log", trouble.trace, "manage.py check", verdict)
    return Part("check", verdict, f"Django could not load the application{at}: {trouble.message}", trouble.cure, (), (evidence,))


SPECIALIST = Specialist(
    name="code_quality",
    title="Code quality",
    purpose="Reads the code as tools read it and tells what is new since the live commit.",
    tools=("get_findings", "search_source", "get_source", "search_knowledge", "get_document"),
    reports=("ruff", "check"),
    assess=assess,
)
