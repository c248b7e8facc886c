"""Asking a Prometheus server (HTTP API v1): one number now, or the points of a while."""

from __future__ import annotations

import time
from typing import Any

import httpx

from controlplane.core.errors import DeadlineExceeded, OutsideError

DEADLINE = 15.0
CURE = "Check the cluster's address of Prometheus and the question."


def number(address: str, query: str, *, seconds: float = DEADLINE) -> float | None:
    """The one number that the question gives now; None where it gives nothing. More than one series are added up."""
    result = _ask(address, "query", {"query": query}, seconds)
    if result["resultType"] in {"scalar", "string"}:
        return _float(result["result"][1])
    values = [found for series in result["result"] if (found := _float(series["value"][1])) is not None]
    return sum(values) if values else None


def points(address: str, query: str, *, seconds: float, step: float, now: float | None = None) -> list[float]:
    """All the values of the last so many seconds, one each `step` (a range query); of all series together."""
    end = time.time() if now is None else now
    asked = {"query": query, "start": f"{end - seconds:.3f}", "end": f"{end:.3f}", "step": f"{step}"}
    result = _ask(address, "query_range", asked, DEADLINE)
    found = [_float(value) for series in result["result"] for _, value in series["values"]]
    return [value for value in found if value is not None]


def _ask(address: str, what: str, asked: dict[str, str], seconds: float) -> dict[str, Any]:
    try:
        answer = httpx.post(f"{address.rstrip('/')}/api/v1/{what}", data=asked, timeout=seconds, follow_redirects=False)
        told: dict[str, Any] = answer.json()
    except httpx.TimeoutException as error:
        raise DeadlineExceeded(f"Prometheus did not answer within {seconds:.0f} s.", cure=CURE) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OutsideError(f"Prometheus cannot be asked: {error or type(error).__name__}.", cure=CURE) from error
    if not isinstance(told, dict) or told.get("status") != "success":
        why = str(told.get("error", "")) if isinstance(told, dict) else ""
        raise OutsideError(f"Prometheus refuses the question: {why or f'HTTP {answer.status_code}'}.", cure=CURE)
    found: dict[str, Any] = told["data"]
    return found


def _float(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
