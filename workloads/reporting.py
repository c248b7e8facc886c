"""Reports that pipelines send: parsed, kept as findings, held against the report before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import transaction

from controlplane.core import audit, rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.permissions import Verb
from workloads import findings, reports
from workloads.models import Application, Report, Sighting

LIVE = "cluster"  # the tool of findings that Timonel itself makes, of what runs


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: the bytes as the tool wrote them, their format, the commit they speak of.

    `tool` goes before the name in the report. `base` is the commit to hold it against; empty: the newest one reported before.
    """

    format: str
    commit: str
    content: bytes
    tool: str = ""
    base: str = ""


def receive(actor: Actor, application: Application, sent: Sent) -> Report:
    """Keep what a report says. Raises Refused, or Invalid with the place in the report; then nothing is kept."""
    rights.demand(actor, Verb.RUN, application.scopes, f"what sends reports on {application}")
    parsed = reports.parse(sent.format, sent.content, sent.tool)
    if parsed.tool == LIVE:
        raise Invalid(f"'{LIVE}' is what Timonel itself sees on clusters.", cure="Send the report with another tool's name.")
    with transaction.atomic():
        before = _before(application, parsed.tool, sent)
        known = fingerprints_of(before) if before else None
        report = Report.objects.create(
            application=application,
            tool=parsed.tool,
            format=sent.format,
            commit=sent.commit,
            base_commit=before.commit if before else "",
            sha256=hashlib.sha256(sent.content).hexdigest(),
            received_by=actor.label,
        )
        count(report, findings.record_report(report, parsed.facts, known), known or frozenset())
        audit.record(actor, "report.receive", report, after={"format": sent.format, "commit": sent.commit, "facts": report.facts})
    return report


def _before(application: Application, tool: str, sent: Sent) -> Report | None:
    """The newest report of this tool on the base; a repeat of a commit is held against what came before that commit."""
    found = Report.objects.filter(application=application, tool=tool)
    found = found.filter(commit=sent.base) if sent.base else found.exclude(commit=sent.commit)
    return found.order_by("-pk").first()


def fingerprints_of(report: Report) -> frozenset[str]:
    """What it saw."""
    return frozenset(Sighting.objects.filter(report=report).values_list("finding__fingerprint", flat=True))


def count(report: Report, seen: list[findings.Seen], known: frozenset[str]) -> None:
    """Write down how many it saw of each kind, against what was known before."""
    counting = findings.counting(seen)
    report.facts = len(seen)
    report.new = sum(one.new for one in counting)
    report.continuing = sum(one.fingerprint in known for one in counting)
    report.fixed = len(known - {one.fingerprint for one in seen})
    report.suppressed = len(seen) - len(counting)
    report.save(update_fields=["facts", "new", "continuing", "fixed", "suppressed"])
