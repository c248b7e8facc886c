"""The API's own description: OpenAPI, and a page to read and try it."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.throttling import BaseThrottle

from controlplane.api.limits import OfCaller


class Schema(SpectacularAPIView):  # type: ignore[misc]  # ships no types
    """OpenAPI 3, for anybody."""

    def get_throttles(self) -> list[BaseThrottle]:
        """As everywhere."""
        return [OfCaller()]


class Reference(SpectacularSwaggerSplitView):  # type: ignore[misc]  # ships no types
    """The page, with nothing from elsewhere and nothing inline."""

    url_name = "api:schema"
    template_name = "api/reference.html"
