"""The door of every API view: who asks, what they ask, pages of a list, and how an operation is described."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer, URLField
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from controlplane.api.filters import NoQuery, Strict, asked
from controlplane.api.limits import OfCaller, count_stranger
from controlplane.api.serializers import ProblemSerializer
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from controlplane.core.models import ApiToken, User

View = TypeVar("View", bound=Callable[..., Any])
POSITION = re.compile(r"^[0-9]{1,18}$")
IDEMPOTENCY_KEY = "Idempotency-Key"
PROBLEMS = {
    400: "The request is not valid; `errors` names the fields.",
    401: "No token, or one that is not valid.",
    403: "The asker may not do this, or policy says no.",
    404: "There is no such thing, or the asker may not see it.",
    406: "Only JSON is answered.",
    409: "The thing has moved on since it was looked at, or the same request is being answered.",
    413: "The body is too large.",
    415: "The body is of a type that is not read.",
    422: "The idempotency key was used for another request.",
    429: "Asked too often; `Retry-After` says when to come back, in seconds.",
    500: "Our mistake: quote the `reference`.",
    502: "A system outside Timonel failed or cannot be reached.",
    503: "Something that Timonel needs does not answer.",
    504: "A system outside Timonel did not answer in time.",
}
UNCHANGED = "What `If-None-Match` names is still true."
ALWAYS = (400, 401, 406, 429, 500)
WITH_BODY = (413, 415)


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

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from; Invalid for a cursor that no page gave."""
        try:
            found = super().decode_cursor(request)
        except (NotFound, ValueError, TypeError) as error:
            raise _bad_cursor() from error
        position = found.position if found else None
        if position is not None and not POSITION.match(str(position)):
            raise _bad_cursor()
        return found


class Endpoint(APIView):
    """A view of one resource. `given` holds the checked query; what is not declared is refused."""

    given: Mapping[str, Any]
    http_method_names = ["get", "head", "post", "put", "delete"]  # noqa: RUF012  # as Django declares it

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view, which answers 304 to whoever has the answer already (If-None-Match)."""
        return conditional_page(super().as_view(**initkwargs))

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return actor_of(self.request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Answers belong to whoever asked; a copy is looked at again before it is used."""
        return {**super().default_response_headers, "Cache-Control": "private, no-cache"}

    def get_throttles(self) -> list[BaseThrottle]:
        """How often one caller may ask."""
        return [OfCaller()]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, how often, and for what."""
        try:
            super().initial(request, *args, **kwargs)
        except (AuthenticationFailed, NotAuthenticated):
            count_stranger(request)
            raise
        handler = getattr(self, str(request.method).lower(), None)
        self.given = asked(request, getattr(handler, "query", NoQuery)) if handler else {}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Told apart by who asks."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(answer, ("Authorization", "Cookie"))
        return answer


def listed(view: Endpoint, rows: QuerySet[Any], shape: type[Serializer[Any]], filters: Mapping[str, str] | None = None) -> Response:
    """A page of the rows that the query asks for. `filters`: the path in the rows of each parameter."""
    wanted = {path: view.given[name] for name, path in (filters or {}).items() if name in view.given}
    pages = Pages()
    page = pages.paginate_queryset(rows.filter(**wanted), view.request, view=view)
    return pages.get_paginated_response(shape(page, many=True).data)


def operation(
    summary: str,
    answer: Any,
    *,
    errors: tuple[int, ...] = (),
    request: Any = None,
    query: type[Strict] = NoQuery,
    key: str = "",
) -> Callable[[View], View]:
    """Describe an operation for the schema, and name its query. `key`: whether an Idempotency-Key is "required" or "optional"."""
    answers = answer if isinstance(answer, dict) else {200: answer}
    known = {*ALWAYS, *errors, *((409, 415, 422) if key else ()), *(WITH_BODY if request is not None else ())}
    problems = {(status, "application/problem+json"): _problem(status) for status in sorted(known)}
    parameters: list[Any] = [*([query] if query().fields else []), *([_key(key)] if key else [])]

    def describe(view: View) -> View:
        view.query = query  # type: ignore[attr-defined]  # read by Endpoint.initial
        unchanged = {304: OpenApiResponse(description=UNCHANGED)} if view.__name__ == "get" else {}
        described: View = extend_schema(
            operation_id=summary.lower().replace(" ", "_"),
            summary=summary,
            request=request,
            parameters=parameters,
            responses={**answers, **unchanged, **problems},
        )(view)
        return described

    return describe


def page_of(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """A page of a list: its rows, and the addresses of the pages beside it."""
    fields = {"next": URLField(allow_null=True), "previous": URLField(allow_null=True), "results": shape(many=True)}
    described: Serializer[Any] = inline_serializer(f"PageOf{shape.__name__.removesuffix('Serializer')}s", fields)
    return described


def _problem(status: int) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=PROBLEMS[status])


def _key(key: str) -> OpenApiParameter:
    said = "Any text of yours, at most 200 characters. The same key with the same request gets the same answer."
    return OpenApiParameter(IDEMPOTENCY_KEY, str, OpenApiParameter.HEADER, required=key == "required", description=said)


def _bad_cursor() -> Invalid:
    return Invalid("This cursor is none of ours.", cure="Follow `next` and `previous` of a page as they are.")
