"""Requests forged by another site: refused at every address that takes a write, whoever's browser sends them.

The addresses are those of the resolver, the sockets those of the routing: a new one is tried without being named here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

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


@pytest.fixture(scope="module")
def lured(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Client]:
    """The browser of a superuser who is signed in and has a form open; written once, taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        client = Client(enforce_csrf_checks=True)
        client.force_login(User.objects.create_superuser("lured"))
        client.get("/")
        yield client
        transaction.set_rollback(True)


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.pattern)
def test_a_forged_write_is_refused_with_a_stolen_form_token_too(route: Route, lured: Client) -> None:
    address = route.address(dict.fromkeys(route.arguments, 1))
    stolen = {"X-CSRFToken": lured.cookies["timonel_csrf"].value}
    before = AuditEntry.objects.count()
    for method in UNSAFE:
        answer = lured.generic(method, address, "reason=forged", "application/x-www-form-urlencoded", headers=EVIL)
        assert answer.status_code in REFUSED, method
    assert lured.post(address, {"reason": "forged"}, headers={**EVIL, **stolen}).status_code in REFUSED
    assert AuditEntry.objects.count() == before


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
