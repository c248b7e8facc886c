"""Findings: facts of tools as rows that outlive a run, with where each was seen first and last, and what is new."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import models, transaction
from django.utils import timezone

from controlplane.core import audit, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import Verb
from controlplane.core.redaction import redact
from workloads.evidence import Fact
from workloads.models import Application, Finding, Release, Report, Sighting
from workloads.notices import telling

_SPACE = re.compile(r"\s+")


class State(StrEnum):
    """How a finding stands; `counting` is new and continuing together."""

    COUNTING = "counting"
    NEW = "new"
    CONTINUING = "continuing"
    FIXED = "fixed"
    SUPPRESSED = "suppressed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Seen:
    """A fact as it stands against the live commit. A suppressed one is kept and shown as such, and counts for nothing."""

    fact: Fact
    fingerprint: str
    new: bool
    suppressed: bool = False
    finding_id: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Which tools looked and answered for everything, and when the commit they looked at was written, if that is known.

    `place` is how the paths begin that they looked at, where that was not everything; `standing`: they looked at what is there
    now, and nothing is newer.
    """

    tools: tuple[str, ...] = ()
    authored_at: datetime | None = None
    place: str = ""
    standing: bool = False


NOBODY_LOOKED = Look()


def fingerprints(facts: Sequence[Fact]) -> list[str]:
    """One a fact: of tool, rule, path and the text of its line, so that it survives when lines move.

    Equal lines of one file are told apart by their order.
    """
    keys = [(fact.tool, fact.rule, fact.path, _SPACE.sub(" ", redact(fact.source_line or fact.message)).strip()) for fact in facts]
    order = sorted(range(len(facts)), key=lambda index: (facts[index].line or 0, index))
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found = [""] * len(facts)
    for index in order:
        key = keys[index]
        found[index] = hashlib.sha256("\0".join([*key, str(seen[key])]).encode()).hexdigest()
        seen[key] += 1
    return found


def compare(application: Application, facts: Sequence[Fact], live_commit: str | None) -> list[Seen]:
    """The facts against what was seen at the live commit. Without a live commit nothing is new: this is the first look."""
    return _against(application, facts, _seen_at(application, live_commit))


@transaction.atomic
def record(
    application: Application,
    run_number: int,
    commit: str,
    facts: Sequence[Fact],
    live_commit: str | None,
    look: Look = NOBODY_LOOKED,
) -> list[Seen]:
    """Keep the facts of one run; a repeat changes nothing. Specialists may record at the same time.

    What the tools of the look did not see any more at the application's newest commit is fixed.
    """
    seen = compare(application, [_redacted(fact) for fact in facts], live_commit)
    return _keep(application, seen, look, lambda one: Sighting(commit=commit, run_number=run_number, new=one.new))


@transaction.atomic
def record_report(report: Report, facts: Sequence[Fact], base: frozenset[str] | None) -> list[Seen]:
    """Keep the facts of one report, held against the fingerprints of the report before it (None: the first look)."""
    application, known = report.application, Release.objects.filter(commit=report.commit, application=report.application)
    look = Look((report.tool,), known.order_by("-authored_at").values_list("authored_at", flat=True).first())
    seen = _against(application, [_redacted(fact) for fact in facts], base)
    return _keep(application, seen, look, lambda one: Sighting(commit=report.commit, report=report, new=one.new))


@transaction.atomic
def record_look(report: Report, facts: Sequence[Fact], base: frozenset[str] | None, place: str, *, whole: bool) -> list[Seen]:
    """Keep what is wrong now below `place`, held against `base`. Only a whole look tells that something is wrong no more."""
    look = Look((report.tool,), place=place, standing=whole)
    seen = _against(report.application, [_redacted(fact) for fact in facts], base)
    return _keep(report.application, seen, look, lambda one: Sighting(commit=report.commit, report=report, new=one.new))


def _against(application: Application, facts: Sequence[Fact], before: frozenset[str] | None) -> list[Seen]:
    prints = fingerprints(facts)
    now = timezone.now()
    known = Finding.objects.filter(application=application, fingerprint__in=prints)
    by_print = {finding.fingerprint: finding for finding in known}
    return [
        Seen(
            fact,
            fingerprint,
            new=before is not None and fingerprint not in before,
            suppressed=fingerprint in by_print and _is_suppressed(by_print[fingerprint], now),
            finding_id=by_print[fingerprint].pk if fingerprint in by_print else None,
        )
        for fact, fingerprint in zip(facts, prints, strict=True)
    ]


def _keep(application: Application, seen: list[Seen], look: Look, sighting: Callable[[Seen], Sighting]) -> list[Seen]:
    Application.objects.select_for_update(no_key=True).get(pk=application.pk)  # one at a time: each may close what another sees
    now, newest = timezone.now(), look.standing or _is_newest(application, look.authored_at)
    Finding.objects.bulk_create(
        [_row(application, one, now) for one in sorted(seen, key=lambda one: one.fingerprint)],
        update_conflicts=True,
        unique_fields=["application", "fingerprint"],
        update_fields=["line", "severity", "message", "cure", "last_seen_at", *([] if newest is False else ["new", "fixed_at"])],
    )
    telling.of_critical_findings(application, [one.fact.message for one in seen if _alarms(one)])
    prints = [one.fingerprint for one in seen]
    if newest:
        of_these = Finding.objects.filter(application=application, tool__in=look.tools, fixed_at__isnull=True)
        of_these = of_these.filter(path__startswith=look.place) if look.place else of_these
        of_these.exclude(fingerprint__in=prints).update(fixed_at=now)
    numbers = dict(Finding.objects.filter(application=application, fingerprint__in=prints).values_list("fingerprint", "pk"))
    rows = [sighting(one) for one in seen]
    for row, one in zip(rows, seen, strict=True):
        row.finding_id = numbers[one.fingerprint]
    Sighting.objects.bulk_create(rows, ignore_conflicts=True)
    return [Seen(one.fact, one.fingerprint, one.new, one.suppressed, numbers[one.fingerprint]) for one in seen]


def _alarms(one: Seen) -> bool:
    """Whether it is worse than what is live, was never seen before, and nobody said that it does not count."""
    return one.new and one.finding_id is None and not one.suppressed and one.fact.severity == Finding.Severity.CRITICAL


def _is_newest(application: Application, authored_at: datetime | None) -> bool | None:
    """Whether no release of the application is of a later commit. None where the time of the commit is not known, as of a report
    on somebody's branch: what is seen there stands, but what is not seen there need not be fixed.
    """
    if authored_at is None:
        return None
    return not Release.objects.filter(application=application, authored_at__gt=authored_at).exists()


@transaction.atomic
def suppress(actor: Actor, finding_id: int, reason: str, *, until: datetime | None = None) -> Finding:
    """Stop counting a finding, with a reason and if wished an end. Raises Refused, or Invalid without a reason."""
    finding = Finding.objects.select_for_update(of=("self",)).select_related("application").get(pk=finding_id)
    rights.demand(actor, Verb.APPROVE, finding.application.scopes, f"suppress findings of {finding.application}")
    if not reason.strip():
        raise Invalid("A suppression needs a reason.", cure="Say why this finding does not matter, and for how long.")
    if until is not None and until <= timezone.now():
        raise Invalid("The suppression would end before it begins.", cure="Name a later time, or none.")
    before = {"reason": finding.suppressed_reason, "until": str(finding.suppressed_until or "")}
    finding.suppressed_reason, finding.suppressed_by, finding.suppressed_until = reason.strip(), actor.label, until
    finding.save(update_fields=["suppressed_reason", "suppressed_by", "suppressed_until"])
    audit.record(actor, "finding.suppress", finding, before=before, after={"until": str(until or "")}, reason=reason.strip())
    return finding


@transaction.atomic
def count_again(actor: Actor, finding_id: int, reason: str) -> Finding:
    """End the suppression of a finding. Raises Refused, Conflict when it is not suppressed, Invalid without a reason."""
    finding = Finding.objects.select_for_update(of=("self",)).select_related("application").get(pk=finding_id)
    rights.demand(actor, Verb.APPROVE, finding.application.scopes, f"decide about findings of {finding.application}")
    if not reason.strip():
        raise Invalid("Counting a finding again needs a reason.", cure="Say in a sentence why it matters after all.")
    if not finding.suppressed_reason:
        raise Conflict("This finding is not suppressed.", cure="Reload to see how it stands.")
    before = {"reason": finding.suppressed_reason, "until": str(finding.suppressed_until or "")}
    finding.suppressed_reason, finding.suppressed_by, finding.suppressed_until = "", "", None
    finding.save(update_fields=["suppressed_reason", "suppressed_by", "suppressed_until"])
    audit.record(actor, "finding.count_again", finding, before=before, after={}, reason=reason.strip())
    return finding


def active(now: datetime) -> models.Q:
    """The condition of findings that count."""
    return models.Q(suppressed_reason="") | models.Q(suppressed_until__lte=now)


def in_state(state: str, now: datetime) -> models.Q:
    """The condition of findings in this state. Each has one: fixed, otherwise suppressed, otherwise new or continuing."""
    standing = models.Q(fixed_at__isnull=True)
    return {
        State.FIXED: ~standing,
        State.SUPPRESSED: standing & ~active(now),
        State.NEW: standing & active(now) & models.Q(new=True),
        State.CONTINUING: standing & active(now) & models.Q(new=False),
        State.COUNTING: standing & active(now),
        State.ALL: models.Q(),
    }[State(state)]


def by_severity(rows: models.QuerySet[Finding]) -> dict[str, int]:
    """How many of the findings there are of each severity, the worst first; by one question."""
    counted = dict(rows.order_by().values_list("severity").annotate(number=models.Count("pk")))
    return {severity: counted.get(severity, 0) for severity in reversed(Finding.Severity.values)}


def state_of(finding: Finding, now: datetime) -> str:
    """In which state a finding is."""
    if finding.fixed_at is not None:
        return State.FIXED
    if _is_suppressed(finding, now):
        return State.SUPPRESSED
    return State.NEW if finding.new else State.CONTINUING


def _is_suppressed(finding: Finding, now: datetime) -> bool:
    return bool(finding.suppressed_reason) and (finding.suppressed_until is None or finding.suppressed_until > now)


def _seen_at(application: Application, commit: str | None) -> frozenset[str] | None:
    if commit is None:
        return None
    sightings = Sighting.objects.filter(finding__application=application, commit=commit)
    return frozenset(sightings.values_list("finding__fingerprint", flat=True))


def _row(application: Application, seen: Seen, now: datetime) -> Finding:
    fact = seen.fact
    return Finding(
        application=application,
        tool=fact.tool[:40],
        rule=fact.rule[:200],
        severity=fact.severity,
        path=fact.path[:500],
        line=fact.line,
        message=fact.message,
        cure=fact.cure,
        fingerprint=seen.fingerprint,
        first_seen_at=now,
        last_seen_at=now,
        new=seen.new,
    )


def _redacted(fact: Fact) -> Fact:
    return Fact(
        fact.tool,
        redact(fact.rule),
        fact.severity,
        redact(fact.message),
        redact(fact.path),
        fact.line,
        fact.source_line,
        redact(fact.cure),
    )


def counting(seen: Iterable[Seen]) -> list[Seen]:
    """Those that are not suppressed."""
    return [one for one in seen if not one.suppressed]
