"""The migration Job: before any pod changes, once, told line by line; its end is evidence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controlplane.core.redaction import redact
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.drivers.kubernetes import evidence, parts, pods
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.waiting import POD
from workloads.evidence import Evidence
from workloads.foreseen import Removal
from workloads.verdicts import Verdict

JOB = kind_named("Job")
LOOK_SECONDS = 0.7
LOG_LINES = 5_000
KEPT_LOG = 8_000
GRACE = 60.0  # seconds beyond the Job's own deadline


@dataclass(frozen=True, slots=True)
class Migrated:
    """How it went."""

    ok: bool
    why: str = ""
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Story:
    """What was told of each container's log already."""

    told: dict[str, int] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)


def migrate(errand: Errand, job: Json) -> Migrated:
    """Run it, or find it done. One that failed for another Change before is run anew."""
    live = _find(errand, job)
    if live is not None and ended(live) == "Complete":
        return Migrated(True)
    if live is not None and ended(live) == "Failed" and not _is_ours(errand, live, job):
        errand.say("The migration Job failed before; it is made anew")
        errand.pen.remove(Removal("Job", job["metadata"]["name"], live["metadata"]["uid"], "it failed before"))
        errand.pen.gone(job)
    errand.say("Running the migration Job before any pod changes")
    errand.pen.put(job)
    return _follow(errand, job)


def ended(live: Mapping[str, Any]) -> str:
    """Complete, Failed, or empty while it runs."""
    for condition in live.get("status", {}).get("conditions") or []:
        if condition.get("status") == "True" and condition.get("type") in {"Complete", "Failed"}:
            return str(condition["type"])
    return ""


def _follow(errand: Errand, job: Json) -> Migrated:
    story, began, trouble_since = Story(), time.monotonic(), 0.0
    limit = float(job["spec"].get("activeDeadlineSeconds", 900)) + GRACE
    while True:
        live, made = _find(errand, job), _pods(errand, job)
        _tell(errand, made, story)
        waited = time.monotonic() - began
        end = ended(live) if live else ""
        if end == "Complete":
            return Migrated(True, evidence=_logs(errand, story, Verdict.PASSED))
        trouble = next((found for pod in made if (found := pods.trouble_of(pod)) and found.word != "Failed"), None)
        trouble_since = (trouble_since or waited) if trouble else 0.0
        stuck = trouble is not None and waited - trouble_since > errand.rollout.interval
        if end == "Failed" or stuck or waited > limit or (live is None and waited > limit / 2):
            why = trouble.text if trouble else _why(live) or f"it did not end within {waited:.0f} s"
            cure = (trouble.cure if trouble else "") or "Read its log, mend the migration, deploy again. No pod was changed."
            seen = evidence.of_pods(errand.patient, errand.namespace, made, errand.secrets)
            if live is not None and not end:
                _suspend(errand, job)
            return Migrated(False, why, cure, (*_logs(errand, story, Verdict.FAILED), *seen))
        time.sleep(LOOK_SECONDS)


def _suspend(errand: Errand, job: Json) -> None:
    """What was given up does not run later by itself, when its image or a node for it turns up. The next attempt resumes it."""
    errand.say("The migration Job is suspended, so that it does not run by itself later", level="warning")
    errand.pen.put({**job, "spec": {**job["spec"], "suspend": True}}, force=True)


def _why(live: Json | None) -> str:
    for condition in (live or {}).get("status", {}).get("conditions") or []:
        if condition.get("type") == "Failed":
            return str(condition.get("message") or condition.get("reason") or "it failed")
    return ""


def _find(errand: Errand, job: Json) -> Json | None:
    return errand.patient.ask(lambda client: client.get(JOB, job["metadata"]["name"], errand.namespace))


def _pods(errand: Errand, job: Json) -> list[Json]:
    labels = f"batch.kubernetes.io/job-name={job['metadata']['name']}"
    return errand.patient.ask(lambda client: client.listing(POD, errand.namespace, labels=labels)).items


def _tell(errand: Errand, made: list[Json], story: Story) -> None:
    """Say the lines that are new."""
    for pod in made:
        told = pod.get("status", {})
        for status in [*(told.get("initContainerStatuses") or []), *(told.get("containerStatuses") or [])]:
            if (status.get("state") or {}).get("waiting"):
                continue
            name, container = str(pod["metadata"]["name"]), str(status["name"])
            text = evidence.log_of(errand.patient, errand.namespace, name, container, lines=LOG_LINES)
            lines, key = text.splitlines(), f"{name} {container}"
            for line in lines[story.told.get(key, 0) :]:
                errand.say(redact(line, errand.secrets), kind="line")
            story.told[key] = max(len(lines), story.told.get(key, 0))
            story.logs[key] = text or story.logs.get(key, "")


def _logs(errand: Errand, story: Story, verdict: Verdict) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"Migration: {name.split()[-1]}", "log", redact(text[-KEPT_LOG:], errand.secrets), f"logs {name}", verdict)
        for name, text in story.logs.items()
        if text
    )


def _is_ours(errand: Errand, live: Json, job: Json) -> bool:
    marked = (live["metadata"].get("annotations") or {}).get(parts.APPLIED)
    return bool(marked == parts.mark(errand.key, job))
