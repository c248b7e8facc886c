"""What a verdict about pods rests on: their states, the cluster's events, the ends of their logs; redacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controlplane.core.redaction import redact
from workloads.adapters.kubernetes.kinds import kind_named
from workloads.drivers.kubernetes.asking import Patient, quietly
from workloads.drivers.kubernetes.pods import Trouble, is_ready, trouble_of
from workloads.evidence import Evidence
from workloads.verdicts import Verdict

MOST_PODS = 20
MOST_LOGS = 3
MOST_EVENTS = 30
LOG_LINES = 60


def of_pods(patient: Patient, namespace: str, pods: list[dict[str, Any]], secrets: frozenset[str]) -> tuple[Evidence, ...]:
    """The pods with what keeps each from being ready, their events, the last lines of the worst ones' logs."""
    worst = sorted(pods, key=lambda pod: (is_ready(pod), trouble_of(pod) is None))
    found = [_table(worst[:MOST_PODS], secrets), *_events(patient, namespace, worst[:MOST_PODS], secrets)]
    for pod in [pod for pod in worst if not is_ready(pod)][:MOST_LOGS]:
        found += logs_of(patient, namespace, pod, secrets)
    return tuple(found)


def logs_of(patient: Patient, namespace: str, pod: Mapping[str, Any], secrets: frozenset[str]) -> list[Evidence]:
    """The last lines of its containers, of the present and the previous one."""
    name, found = str(pod["metadata"]["name"]), []
    for status in pod.get("status", {}).get("containerStatuses") or []:
        container = str(status["name"])
        for previous in [False, True] if int(status.get("restartCount", 0)) else [False]:
            text = log_of(patient, namespace, name, container, previous=previous)
            if text:
                title = f"Log of {name}, {container}{', before its last restart' if previous else ''}"
                found.append(Evidence(title, "log", redact(text, secrets), f"logs {name} -c {container}"))
    return found


def log_of(patient: Patient, namespace: str, pod: str, container: str, *, previous: bool = False, lines: int = LOG_LINES) -> str:
    """The end of one log; empty where there is none to be had."""
    found = quietly(lambda: patient.client.log(namespace, pod, container, previous=previous, lines=lines))
    return found or ""


def summary(troubles: Iterable[Trouble]) -> tuple[str, str]:
    """The worst trouble as a sentence and its cure; with how many pods share it."""
    found = list(troubles)
    if not found:
        return "", ""
    word = max((trouble.word for trouble in found), key=[trouble.word for trouble in found].count)
    same = [trouble for trouble in found if trouble.word == word]
    more = f" (and {len(same) - 1} more pods)" if len(same) > 1 else ""
    return f"{same[0].text}{more}", same[0].cure


def _table(pods: list[dict[str, Any]], secrets: frozenset[str]) -> Evidence:
    rows = []
    for pod in pods:
        trouble = trouble_of(pod)
        restarts = sum(int(status.get("restartCount", 0)) for status in pod.get("status", {}).get("containerStatuses") or [])
        why = redact(trouble.text, secrets) if trouble else ""
        rows.append([pod["metadata"]["name"], "ready" if is_ready(pod) else "not ready", str(restarts), why])
    bad = any(not is_ready(pod) for pod in pods)
    return Evidence(
        "Pods",
        "table",
        {"columns": ["pod", "stands", "restarts", "because"], "rows": rows},
        "get pods",
        Verdict.FAILED if bad else Verdict.PASSED,
    )


def _events(patient: Patient, namespace: str, pods: list[dict[str, Any]], secrets: frozenset[str]) -> list[Evidence]:
    """Warnings about these pods."""
    names = {pod["metadata"]["name"] for pod in pods}
    found = quietly(lambda: patient.client.listing(kind_named("Event"), namespace, fields="type=Warning"))
    told = [event for event in found.items if (event.get("involvedObject") or {}).get("name") in names] if found else []
    rows = [
        [str(event.get("reason", "")), event["involvedObject"]["name"], redact(str(event.get("message", ""))[:400], secrets)]
        for event in told[-MOST_EVENTS:]
    ]
    return [Evidence("Events", "table", {"columns": ["reason", "about", "message"], "rows": rows}, "get events")] if rows else []
