"""Errors of the API as application/problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact_value


def problem_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error: what is wrong, how to mend it, a reference. None for what is ours to log."""
    reference = context["request"].META.get("timonel.request_id", "")
    if isinstance(error, TimonelError):
        body = {"title": error.message, "status": error.status, "code": error.code, "cure": error.cure}
        return _problem(body, reference)
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = response.data if isinstance(error, APIException) else None
    title = str(detail.get("detail")) if isinstance(detail, dict) and "detail" in detail else "The request is not valid."
    body = {"title": title, "status": response.status_code, "code": getattr(error, "default_code", "error")}
    if isinstance(detail, dict) and "detail" not in detail:
        body["errors"] = detail
    answer = _problem(body, reference)
    for name, value in response.items():
        if name.lower() not in {"content-type", "content-length"}:
            answer[name] = value
    return answer


def _problem(body: dict[str, Any], reference: str) -> Response:
    told = {"type": "about:blank", **redact_value(body), "reference": reference}
    return Response(told, body["status"], content_type="application/problem+json")
