"""Whose pages may open our sockets: only our own, told by host and port, as Django asks of forms.

A host alone is not enough: the applications that Timonel runs may stand at other ports of it, and get the same cookies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Application = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]


class OwnOrigin:
    """Lets a socket through to the application when it was opened by a page of ours, and denies the others."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        application = self.application if is_ours(dict(scope["headers"])) else WebsocketDenier()
        return await application(scope, receive, send)


def is_ours(headers: Mapping[bytes, bytes]) -> bool:
    """Whether `Origin` names the host that was asked, or one of TIMONEL_TRUSTED_ORIGINS."""
    host, origin = (headers.get(name, b"").decode("latin1").lower() for name in (b"host", b"origin"))
    name, _ = split_domain_port(host)
    own = {f"http://{host}", f"https://{host}", *settings.CSRF_TRUSTED_ORIGINS}
    return bool(name) and validate_host(name, settings.ALLOWED_HOSTS) and origin in own
