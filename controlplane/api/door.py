"""The door of every API view: who asks, pages of a list, and how an operation is described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.serializers import Serializer, URLField
from rest_framework.views import APIView

from controlplane.api.serializers import ProblemSerializer
from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, User

View = TypeVar("View", bound=Callable[..., Any])
IDEMPOTENCY_KEY = "Idempotency-Key"


def actor_of(request: Request) -> Actor:
    """The person who signed in, or the person of the token, limited by it."""
    reference = str(request.META.get("timonel.request_id", ""))
    if isinstance(request.auth, ApiToken):
        return Actor.token(request.auth, reference)
    return Actor.person(cast("User", request.user), reference)


class Pages(CursorPagination):
    """Newest first; `cursor` goes on from the page before; `limit` rows (50, at most 200)."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200


class Endpoint(APIView):
    """A view of one resource."""

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return actor_of(self.request)


def operation(
    summary: str,
    answer: type[Serializer[Any]] | Serializer[Any] | dict[int, Any],
    *,
    errors: tuple[int, ...] = (),
    request: type[Serializer[Any]] | None = None,
    query: dict[str, Any] | None = None,
    key: str = "",
) -> Callable[[View], View]:
    """Describe an operation for the schema: its answer, what it takes, its errors. `key`: "required" or "optional"."""
    answers = answer if isinstance(answer, dict) else {200: answer}
    parameters = [OpenApiParameter(name, kind) for name, kind in (query or {}).items()]
    if key:
        parameters.append(
            OpenApiParameter(
                IDEMPOTENCY_KEY,
                str,
                OpenApiParameter.HEADER,
                required=key == "required",
                description="Any text of yours, at most 200 characters. The same key with the same request gets the same answer.",
            )
        )
    problems = {(status, "application/problem+json"): ProblemSerializer for status in (401, *errors)}
    described: Callable[[View], View] = extend_schema(
        operation_id=summary.lower().replace(" ", "_"),
        summary=summary,
        request=request,
        parameters=parameters,
        responses={**answers, **problems},
    )
    return described


def page_of(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """A page of a list: its rows, and the addresses of the pages beside it."""
    fields = {"next": URLField(allow_null=True), "previous": URLField(allow_null=True), "results": shape(many=True)}
    described: Serializer[Any] = inline_serializer(f"PageOf{shape.__name__.removesuffix('Serializer')}s", fields)
    return described
