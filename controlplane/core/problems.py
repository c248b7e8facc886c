"""Errors of the API as application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, JsonResponse
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact_value

log = logging.getLogger(__name__)
PROBLEM = "application/problem+json"
OURS = "Timonel made a mistake; nothing more is known here."
QUOTE = "Try again; if it stays, quote the reference to whoever runs Timonel: the log says more."


def problem_json(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an error: what is wrong, how to mend it, a reference. Of what is ours the log tells, not the answer."""
    reference = str(context["request"].META.get("timonel.request_id", ""))
    if isinstance(error, TimonelError):
        body = {"title": error.message, "status": error.status, "code": error.code, "cure": error.cure}
        return _problem(body, reference)
    response = exception_handler(error, context)
    if response is None:
        return _problem(_unexpected(error, reference), reference)
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


def plain_problem(request: HttpRequest, status: int, code: str, title: str) -> JsonResponse:
    """The same for what went wrong before or around the views of the API."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    body["reference"] = request.META.get("timonel.request_id", "")
    return JsonResponse(body, status=status, content_type=PROBLEM)


def _unexpected(error: Exception, reference: str) -> dict[str, Any]:
    log.error("an unexpected error, reference %s", reference, exc_info=error)
    if isinstance(error, OperationalError):
        return {"title": "The database does not answer.", "status": 503, "code": "unavailable", "cure": QUOTE}
    return {"title": OURS, "status": 500, "code": "internal", "cure": QUOTE}


def _problem(body: dict[str, Any], reference: str) -> Response:
    told = {"type": "about:blank", **redact_value(body), "reference": reference}
    return Response(told, body["status"], content_type=PROBLEM)
