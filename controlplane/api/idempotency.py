"""Idempotency keys: the same request with the same key is done once and answered alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import IDEMPOTENCY_KEY
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.models import IdempotentAnswer, User

# Whoever was killed while answering left a row without an answer; what it began is found again under the same key.
ABANDONED = timedelta(seconds=30)


class KeyReused(Invalid):
    """The key came with another request before."""

    code = "idempotency_key_reused"
    status = 422


class BeingAnswered(Conflict):
    """The same request is on its way; asked again it is answered."""

    code = "being_answered"


def once(
    request: Request, do: Callable[[str], Response], *, required: bool = True, secret: frozenset[str] = frozenset()
) -> Response:
    """Answer with `do`, or with what it answered to the same key before. `do` gets a key for what it begins.

    What the answer holds under the names in `secret` is told once and not kept: repeated, it is an empty text.
    """
    key = request.headers.get(IDEMPOTENCY_KEY, "").strip()
    if not key and not required:
        return do("")
    if not 0 < len(key) <= 200:
        raise Invalid(f"This request needs the header {IDEMPOTENCY_KEY}.", cure="Send any text of yours, at most 200 characters.")
    asked = _fingerprint(request)
    row, made = IdempotentAnswer.objects.get_or_create(user=cast("User", request.user), key=key, defaults={"request_sha256": asked})
    if not made:
        before = _answered(row, asked)
        if before is not None:
            return before
    try:
        response = do(f"api-{request.user.pk}-{key}")
    except BaseException:
        row.delete()
        raise
    body = json.loads(JSONRenderer().render(response.data))
    kept = {"status_code": response.status_code, "body": {**body, **dict.fromkeys(secret & set(body), "")}}
    IdempotentAnswer.objects.filter(pk=row.pk).update(**kept)
    return response


def _answered(row: IdempotentAnswer, asked: str) -> Response | None:
    if row.request_sha256 != asked:
        raise KeyReused("This idempotency key was used for another request.", cure="Use a new key for each request.")
    if row.status_code is not None:
        return answer(row.body, row.status_code, replayed=True)
    if row.created_at > timezone.now() - ABANDONED:
        raise BeingAnswered("The same request is being answered right now.", cure="Ask again in a second, with the same key.")
    return None


def answer(body: Any, status: int, *, replayed: bool = False) -> Response:
    """An answer whose `url` is also its Location."""
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    if isinstance(body, dict) and "url" in body:
        headers["Location"] = body["url"]
    return Response(body, status=status, headers=headers)


def _fingerprint(request: Request) -> str:
    content = [request.method, request.get_full_path(), request.data]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: object) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)
