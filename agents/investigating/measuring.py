"""Metrics, alerts and active checks. A question to Prometheus is put together here: no model widens it beyond the namespace."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field

from agents.investigating.sight import Row, Sight
from agents.llm.question import ToolAnswer
from agents.tools.tool import Arguments, rows, tool
from workloads.adapters import prometheus
from workloads.snapshots.veil import Json
from workloads.unchecked import word

SECONDS = 10.0
MOST_SERIES, MOST_POINTS = 20, 30
LABEL = re.compile(r"[^A-Za-z0-9_.:/-]")


class Query(Arguments):
    """Which metric."""

    metric: str = Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,120}$", description="Its name, such as http_requests_total.")
    how: Literal["value", "rate", "increase"] = Field("value", description="As it is, or for counters how much a second or in all.")
    pod: str = Field("", max_length=253, pattern=r"^[a-z0-9.-]*$", description="Only pods whose name begins so.")
    by: Literal["pod", "container", "service", "code", "status", "le"] = Field("pod", description="One line for each of these.")
    minutes: int = Field(30, ge=5, le=360, description="How many minutes back.")


class Nothing(Arguments):
    """No argument is needed."""


@tool(Query)
def query_metrics(sight: Sight, query: Query) -> ToolAnswer:
    """One metric of the environment's pods over time: a line a pod (or what you name), thinned to at most 30 points."""
    address = sight.target.cluster.prometheus_url if sight.target else ""
    if not address:
        return _kept(sight, query)
    end, asked = time.time(), promql(query, sight.namespace)
    step = max(15.0, query.minutes * 60 / MOST_POINTS)
    found = prometheus.range_of(address, asked, start=end - query.minutes * 60, end=end, step=step, seconds=SECONDS)
    shown = [_series(sight, query.metric, one.metric, one.values) for one in found[:MOST_SERIES]]
    return rows(f"{asked}, {query.minutes} minutes back", shown, left_out=max(0, len(found) - MOST_SERIES))


@tool(Nothing)
def get_alerts(sight: Sight, _: Nothing) -> ToolAnswer:
    """The alerts that Alertmanager held when the Snapshot was taken."""
    found = (sight.snapshot.alerts or ()) if sight.snapshot else ()
    return rows("the alerts of the Snapshot", [_alert(sight, one) for one in found[:60]], left_out=max(0, len(found) - 60))


@tool(Nothing)
def get_checks(sight: Sight, _: Nothing) -> ToolAnswer:
    """What answered and what did not when Timonel asked: ports of Services, and the API server's own checks."""
    checks = (sight.snapshot.probes or {}) if sight.snapshot else {}
    connected = checks.get("serviceConnectivity")
    found = [_check(sight, one) for one in connected if isinstance(one, dict)] if isinstance(connected, list) else []
    plane = checks.get("controlPlane")
    if isinstance(plane, dict):
        found.append(
            {"evidence": sight.note("probe", "API server", str(plane.get("text", ""))), "of": "API server", "ok": plane.get("ok")}
        )
    return rows("active checks of the Snapshot", found[:60], left_out=max(0, len(found) - 60))


def promql(query: Query, namespace: str) -> str:
    """The question as Prometheus is asked it: always of this namespace."""
    pod = ',pod=~"{}.*"'.format(query.pod.replace(".", "[.]")) if query.pod else ""
    selected = f'{query.metric}{{namespace="{namespace}"{pod}}}'
    return f"sum by ({query.by}) ({selected if query.how == 'value' else f'{query.how}({selected}[2m])'})"


def _kept(sight: Sight, query: Query) -> ToolAnswer:
    """From the Snapshot, where no Prometheus can be asked."""
    metrics = (sight.snapshot.metrics or ()) if sight.snapshot else ()
    found = [one for one in metrics if word(one, "metric", "__name__") == query.metric]
    found = [one for one in found if word(one, "metric", "pod").startswith(query.pod)]
    shown = [_series(sight, query.metric, one.get("metric") or {}, one.get("values") or []) for one in found[:MOST_SERIES]]
    return rows(f"{query.metric} in the Snapshot", shown, left_out=max(0, len(found) - MOST_SERIES))


def _series(sight: Sight, name: str, labels: Json, values: Sequence[Any]) -> Row:
    of = ",".join(
        f"{LABEL.sub('?', str(key))}={str(value)[:80]}" for key, value in labels.items() if key not in ("__name__", "namespace")
    )
    points = [f"{one[1]}"[:20] for one in _thinned(values) if isinstance(one, list) and len(one) == 2]
    where, text = f"{name}{{{of}}}"[:300], " ".join(points)
    return {"evidence": sight.note("metric", where, text), "series": where, "values": text}


def _thinned(values: Sequence[Any]) -> Iterable[Any]:
    step = max(1, -(-len(values) // MOST_POINTS)) if isinstance(values, list) else 1
    return values[::step] if isinstance(values, list) else []


def _alert(sight: Sight, one: Json) -> Row:
    labels, notes = one.get("labels") or {}, one.get("annotations") or {}
    said = {key: str(value)[:500] for key, value in [*labels.items(), *notes.items()] if key != "alertname"}
    name, at = word(labels, "alertname"), word(one, "startsAt")
    text = " ".join(f"{key}={value}" for key, value in said.items())
    return {"evidence": sight.note("alert", name, text, at), "alert": name, "since": at, **said}


def _check(sight: Sight, one: Json) -> Row:
    where = f"{word(one, 'service')}:{word(one, 'port')}"
    return {"evidence": sight.note("probe", where, word(one, "text")), "of": where, "ok": one.get("ok"), "said": word(one, "text")}
