"""Alerts on an application: does it answer, well and in time; does it restart; does its queue grow; is anybody measuring."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from workloads.manifests import commands, marks, scaling, services
from workloads.manifests.choices import Choice
from workloads.manifests.profile import Profile

Json = dict[str, Any]
ANSWERS = "django_http_responses_total_by_status_total"
LATENCY = "django_http_requests_latency_including_middlewares_seconds_bucket"
PAGE, TICKET = "critical", "warning"


@dataclass(frozen=True, slots=True)
class Burn:
    """One pair of windows: fires when both lose budget `factor` times as fast as 30 days allow."""

    factor: float
    long: str
    short: str
    severity: str


# Google's SRE workbook, chapter 5, table 5-8.
BURNS = (
    Burn(14.4, "1h", "5m", PAGE),
    Burn(6, "6h", "30m", PAGE),
    Burn(3, "1d", "2h", TICKET),
    Burn(1, "3d", "6h", TICKET),
)


def groups(profile: Profile, found: Iterable[Choice]) -> list[Json]:
    """The rule's groups, in order."""
    found = list(found)
    rules = [rule for choice in found for rule in _workload(profile, choice)]
    made = [_group(profile, "workloads", rules)]
    if services.served(tuple(found)):
        made.append(_group(profile, "answers", [*_errors(profile), _slow(profile), _absent(profile)]))
    workers = [choice for choice in found if commands.celery_worker(choice.process)]
    if workers:
        made.append(_group(profile, "queues", _queues(profile, workers)))
    return made


def _workload(profile: Profile, choice: Choice) -> list[Json]:
    name = marks.named(profile, marks.component(choice.process.name), only="")
    pods = f'namespace="{profile.namespace}",deployment=~"{name}(-.+)?"'
    available = f"sum(kube_deployment_status_replicas_available{{{pods}}})"
    wanted = f"sum(kube_deployment_spec_replicas{{{pods}}})"
    restarts = (
        f'sum by (pod) (increase(kube_pod_container_status_restarts_total{{namespace="{profile.namespace}",'
        f'container="{marks.component(choice.process.name)}"}}[15m]))'
    )
    process, place = choice.process.name, f"{profile.application} in {profile.environment}"
    return [
        _rule(
            profile,
            f"{process}Unavailable",
            f"{available} == 0\nand\n{wanted} > 0",
            "2m",
            PAGE,
            f"No {process} of {place} is ready.",
        ),
        _rule(
            profile,
            f"{process}Missing",
            f"{available}\n<\n{wanted}",
            "15m",
            TICKET,
            f"Fewer {process} of {place} are ready than wanted.",
        ),
        _rule(profile, f"{process}Restarts", f"{restarts} > 3", "", TICKET, f"A {process} of {place} is started again and again."),
        _rule(profile, f"{process}StateAbsent", f"absent({wanted})", "10m", TICKET, f"Nobody measures {process} of {place}."),
    ]


def _errors(profile: Profile) -> list[Json]:
    """Burn rates of the budget, each only with enough requests to see two failures (Google's SRE workbook, chapter 5)."""
    budget = 1 - profile.options.monitoring.success
    found = []
    for burn in BURNS:
        limit = _number(min(burn.factor * budget, 1.0))
        enough = _number(2 / min(burn.factor * budget, 1.0))
        expression = (
            f"{_failed(profile, burn.long)} > {limit}\nand\n{_failed(profile, burn.short)} > {limit}\n"
            f"and\n{_total(profile, 'increase', burn.long)} >= {enough}"
        )
        summary = f"{profile.application} in {profile.environment} fails {_number(burn.factor)} times as often as it may."
        found.append(_rule(profile, f"ErrorBudgetBurn{burn.long}", expression, "2m", burn.severity, summary))
    return found


def _slow(profile: Profile) -> Json:
    limit = profile.options.monitoring.p99_ms
    where = f'{LATENCY}{{namespace="{profile.namespace}"}}'
    expression = f"histogram_quantile(0.99, sum by (le) (rate({where}[5m]))) > {_number(limit / 1000)}"
    summary = f"One answer in a hundred of {profile.application} in {profile.environment} takes more than {limit} ms."
    return _rule(profile, "Slow", expression, "10m", TICKET, summary)


def _absent(profile: Profile) -> Json:
    expression = f'absent({ANSWERS}{{namespace="{profile.namespace}"}})'
    summary = f"Nobody measures the answers of {profile.application} in {profile.environment}: no other alert on them can fire."
    return _rule(profile, "AnswersAbsent", expression, "15m", TICKET, summary)


def _queues(profile: Profile, workers: list[Choice]) -> list[Json]:
    """As celery-exporter or redis_exporter tell their length."""
    found = {queue for choice in workers for queue in scaling.queues(choice, choice.autoscale)}
    names = "|".join(_pattern(queue) for queue in sorted(found))
    space = profile.namespace
    celery = f'celery_queue_length{{namespace="{space}",queue_name=~"{names}"}}'
    redis = f'redis_key_size{{namespace="{space}",key=~"{names}"}}'
    length = f"(\n  {celery}\n  or\n  {redis}\n)"
    place = f"{profile.application} in {profile.environment}"
    limit = profile.options.monitoring.queue
    return [
        _rule(profile, "QueueLong", f"max({length}) > {limit}", "15m", TICKET, f"More than {limit} tasks of {place} wait."),
        _rule(profile, "QueueAbsent", f"absent({length})", "15m", TICKET, f"Nobody measures the queue of {place}."),
    ]


def _failed(profile: Profile, window: str) -> str:
    return f"(\n  {_total(profile, 'rate', window, failures=True)}\n  /\n  {_total(profile, 'rate', window)}\n)"


def _total(profile: Profile, function: str, window: str, *, failures: bool = False) -> str:
    more = ',status=~"5.."' if failures else ""
    return f'sum({function}({ANSWERS}{{namespace="{profile.namespace}"{more}}}[{window}]))'


def _group(profile: Profile, name: str, rules: list[Json]) -> Json:
    return {"name": f"{profile.application}-{profile.environment}.{name}", "rules": rules}


def _rule(profile: Profile, name: str, expression: str, lasts: str, severity: str, summary: str) -> Json:
    words = re.split(r"[^A-Za-z0-9]+", name)
    found: Json = {"alert": "Application" + "".join(word[:1].upper() + word[1:] for word in words), "expr": expression}
    if lasts:
        found["for"] = lasts
    labels = {"severity": severity, "application": profile.application, "environment": profile.environment}
    return {**found, "labels": labels, "annotations": {"summary": summary}}


def _pattern(text: str) -> str:
    """The text as a regular expression in a PromQL string, which takes a backslash for its own."""
    return re.escape(text).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return f"{value:.6g}"
