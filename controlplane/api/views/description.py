"""The API's own description: OpenAPI, and a page to read and try it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.throttling import BaseThrottle

from controlplane.api.limits import OfCaller


class OnceMade(SchemaGenerator):  # type: ignore[misc]  # ships no types
    """The same for everybody, so it is made once in each language: it takes a second."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        """The description, which nobody may change."""
        return _made(get_language())


@lru_cache(maxsize=4)
def _made(language: str) -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


class Schema(SpectacularAPIView):  # type: ignore[misc]  # ships no types
    """OpenAPI 3, for anybody."""

    generator_class = OnceMade

    def get_throttles(self) -> list[BaseThrottle]:
        """As everywhere."""
        return [OfCaller()]


class Reference(SpectacularSwaggerSplitView):  # type: ignore[misc]  # ships no types
    """The page, with nothing from elsewhere and nothing inline."""

    url_name = "api:schema"
    template_name = "api/reference.html"
