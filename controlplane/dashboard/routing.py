"""WebSocket addresses."""

from typing import Any

from django.urls import path

from controlplane.dashboard.consumers import Bell

websocket_urlpatterns: list[Any] = [path("live/<str:topic>/", Bell.as_asgi())]
