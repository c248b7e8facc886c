"""Requests forged by another site: refused at every address that takes a write, whoever's browser sends them.

The addresses are those of the resolver, the sockets those of the routing: a new one is tried without being named here.
"""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.test import Client
from pytest_django import Settings

from controlplane.asgi import application
from controlplane.core.models import AuditEntry, User
from controlplane.dashboard.origins import is_ours
from tests.controlplane.matrix.routes import UNSAFE, Route, routes
from tests.controlplane.matrix.table import TOPICS

pytestmark = pytest.mark.django_db
OURS = b"timonel.example.org:8000"
FORGED = (
    b"https://evil.example",
    b"http://timonel.example.org:8101",  # an application that Timonel runs, on the same host
    b"http://timonel.example.org",
    b"http://timonel.example.org:8000.evil.example",
    b"http://x.timonel.example.org:8000",
    b"null",
    b"http://[",
    b"",
)
REFUSED = {401, 403, 404, 405}
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def victim(db: None) -> User:
    """A superuser: nothing but the check for forgery stops what their browser sends."""
    return User.objects.create_superuser("victim", "victim@example.org", "correct horse battery staple")


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.pattern)
def test_a_forged_write_is_refused(route: Route, victim: User) -> None:
    address = route.address(dict.fromkeys(route.arguments, 1))
    for method in UNSAFE:
        client = Client(enforce_csrf_checks=True)
        client.force_login(victim)
        before = AuditEntry.objects.count()
        answer = client.generic(method, address, "reason=forged", "application/x-www-form-urlencoded", headers=EVIL)
        assert answer.status_code in REFUSED, method
        assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.pattern)
def test_a_stolen_form_token_does_not_help_from_another_origin(route: Route, victim: User) -> None:
    address = route.address(dict.fromkeys(route.arguments, 1))
    client = Client(enforce_csrf_checks=True)
    client.force_login(victim)
    client.get("/")
    token = client.cookies["timonel_csrf"].value
    answer = client.post(address, {"reason": "forged"}, headers={**EVIL, "X-CSRFToken": token})
    assert answer.status_code in REFUSED


@pytest.mark.parametrize("address", ["/admin/core/", "/admin/workloads/", "/admin/no/such/page/", "/no/such/page/"])
def test_what_only_catches_the_rest_takes_no_forged_write_either(address: str, victim: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(victim)
    assert {client.generic(method, address, headers=EVIL).status_code for method in UNSAFE} <= REFUSED


@pytest.mark.parametrize("origin", FORGED)
def test_no_socket_opens_to_another_origin(origin: bytes, victim: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["timonel.example.org"]
    client = Client()
    client.force_login(victim)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()
    for topic in TOPICS:
        headers = [(b"cookie", cookie), (b"host", OURS), (b"origin", origin)]
        socket = WebsocketCommunicator(application, f"/live/{topic.format_map(Anything())}/", headers)
        assert async_to_sync(socket.connect)()[0] is False, topic


def test_a_page_of_ours_or_of_a_trusted_origin_may_open_a_socket(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["timonel.example.org"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://elsewhere.example.org"]
    for origin in (b"http://" + OURS, b"https://" + OURS, b"https://elsewhere.example.org"):
        assert is_ours({b"host": OURS, b"origin": origin})
    assert not is_ours({b"host": b"evil.example", b"origin": b"http://evil.example"})


class Anything(dict[str, int]):
    """A number for whatever name a topic holds."""

    def __missing__(self, key: str) -> int:
        return 1
