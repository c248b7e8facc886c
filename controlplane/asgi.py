"""HTTP and WebSockets, as daphne serves them."""

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings.embedded")
http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  needs the applications loaded
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from controlplane.dashboard.origins import OwnOrigin  # noqa: E402
from controlplane.dashboard.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OwnOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)

gc.freeze()  # what was loaded stays: looking through it again costs a page a fifth of a second now and then
