"""Jobs and CronJobs: failed, suspended, or with a schedule that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.findings.stating import INFO, MEDIUM, fact
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.assembly import controller_of
from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact
from workloads.unchecked import Table, dig, rows, word

_FIELD = r"(?:\*|\?|[\d]{1,4}|[A-Za-z]{3})(?:-(?:\d{1,4}|[A-Za-z]{3}))?(?:/\d{1,4})?"
_LIST = rf"{_FIELD}(?:,{_FIELD}){{0,60}}"
_SCHEDULE = re.compile(
    rf"(?:(?:CRON_)?TZ=\S+\s+)?(?:{_LIST}(?:\s+{_LIST}){{4}}|@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+)"
)


def findings(view: View) -> Iterator[Fact]:
    """Jobs that failed and were not followed by one that succeeded; CronJobs that never run."""
    jobs = [obj for obj in view.kind("Job") if view.seen(obj)]
    good = {controller_of(job): seconds(word(job, "status", "completionTime")) for job in jobs if _is(job, "Complete")}
    for job in jobs:
        since = good.get(controller_of(job), 0.0) if controller_of(job) else 0.0
        if _is(job, "Failed") and since < seconds(word(job, "metadata", "creationTimestamp")) + 1:
            yield fact(
                "job_failed",
                MEDIUM,
                job,
                next(
                    word(each, "message") or word(each, "reason")
                    for each in rows(job, "status", "conditions")
                    if word(each, "type") == "Failed"
                ),
            )
        if dig(job, "spec", "suspend") is True:
            yield fact("job_suspended", INFO, job, "is suspended")
    for cron in view.kind("CronJob"):
        if view.seen(cron):
            yield from _cron(cron)


def _is(job: Table, kind: str) -> bool:
    return any(word(each, "type") == kind and word(each, "status") == "True" for each in rows(job, "status", "conditions"))


def _cron(cron: Table) -> Iterator[Fact]:
    schedule = word(cron, "spec", "schedule").strip()
    if not _SCHEDULE.fullmatch(schedule):
        yield fact("cronjob_schedule_invalid", MEDIUM, cron, f"the schedule {schedule!r} cannot be read")
    if dig(cron, "spec", "suspend") is True:
        yield fact("cronjob_suspended", INFO, cron, "is suspended")
    deadline = dig(cron, "spec", "startingDeadlineSeconds")
    if isinstance(deadline, int) and deadline < 10:
        yield fact("cronjob_deadline_short", MEDIUM, cron, f"startingDeadlineSeconds {deadline}: below 10 s it may never start")
