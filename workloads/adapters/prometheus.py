"""Prometheus and Alertmanager, read over their HTTP APIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from controlplane.core import outward
from controlplane.core.errors import OutsideError

SECONDS = 15.0
LARGEST = 32 * 1024 * 1024  # bytes of one answer


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a range: its labels, and values as [time in seconds, text]."""

    metric: dict[str, str]
    values: list[list[Any]]


def range_of(address: str, query: str, *, start: float, end: float, step: float, seconds: float = SECONDS) -> list[Series]:
    """`query_range` from `start` to `end` (Unix seconds). Raises OutsideError with what Prometheus says."""
    asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
    result = _data(_asked(f"{address.rstrip('/')}/api/v1/query_range", asked, seconds, "Prometheus")).get("result") or []
    return [Series({str(k): str(v) for k, v in one["metric"].items()}, one["values"]) for one in result if "values" in one]


def number(address: str, query: str, *, seconds: float = SECONDS) -> float | None:
    """The one number that a question gives now, several series added up; None where it gives nothing."""
    data = _data(_asked(f"{address.rstrip('/')}/api/v1/query", {"query": query}, seconds, "Prometheus"))
    found = data.get("result") or []
    if data.get("resultType") in {"scalar", "string"}:
        return _float(found[1])
    values = [value for one in found if (value := _float(one["value"][1])) is not None]
    return sum(values) if values else None


def points(series: list[Series]) -> list[float]:
    """All the values of a range, of all series together."""
    return [value for one in series for _, text in one.values if (value := _float(text)) is not None]


def alerts(address: str, *, seconds: float = SECONDS) -> list[dict[str, Any]]:
    """Everything Alertmanager holds now (API v2)."""
    answer = _asked(f"{address.rstrip('/')}/api/v2/alerts", {}, seconds, "Alertmanager")
    if not isinstance(answer, list):
        raise OutsideError("Alertmanager answered with no list of alerts.")
    return [one for one in answer if isinstance(one, dict)]


def _data(answer: Any) -> dict[str, Any]:
    """What is in an answer of Prometheus's. Raises OutsideError with what it says is wrong."""
    if not isinstance(answer, dict) or answer.get("status") != "success":
        said = answer.get("error", "") if isinstance(answer, dict) else ""
        raise OutsideError(f"Prometheus did not answer the query: {said or 'its answer has no result'}")
    found: dict[str, Any] = answer.get("data") or {}
    return found


def _float(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _asked(url: str, query: dict[str, str], seconds: float, who: str) -> Any:
    """The JSON of an answer, whatever its status: Prometheus says in it what is wrong with a query."""
    try:
        with outward.client(timeout=seconds, private=True) as client, client.stream("GET", url, params=query) as answer:
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise OutsideError(f"The answer of {who} is too large.")
        found = httpx.Response(answer.status_code, content=body).json()
    except httpx.TimeoutException as error:
        raise OutsideError(f"{who} did not answer within {seconds:.0f} s.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutsideError(f"{who} cannot be reached: {error}", cure="Look at its address in the cluster's settings.") from error
    except ValueError as error:
        raise OutsideError(f"{who} answered with something that is no JSON.") from error
    return found
