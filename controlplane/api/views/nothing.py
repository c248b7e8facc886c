"""Addresses that are none."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint
from controlplane.core.errors import NotFound


@extend_schema(exclude=True)
class Nothing(Endpoint):
    """Whatever is asked of an address that is none."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Answer before anything else is looked at."""
        raise NotFound(f"There is nothing at {request.path}.", cure="Read /api/v1/schema for what there is.")

    def get(self, request: Request) -> Response:
        """Never reached."""
        return Response()
