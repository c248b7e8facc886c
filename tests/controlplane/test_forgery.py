"""Requests forged by another site: refused at every address that takes a write, whoever's browser sends them."""

from __future__ import annotations

import pytest
from django.test import Client

from controlplane.core.models import AuditEntry, User
from tests.controlplane.matrix.routes import UNSAFE, Route, routes

pytestmark = pytest.mark.django_db
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
