"""Signing in through an identity provider: who they are there, what their groups say they may here."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import SESSION_KEY
from django.test import Client

from controlplane.core.models import AuditEntry, RoleBinding, User
from tests.controlplane.dashboard.account.conftest import IdentityProvider

pytestmark = pytest.mark.django_db


def bindings(name: str = "dana") -> set[tuple[str, str]]:
    return set(RoleBinding.objects.filter(user__username=name).values_list("role", "scope"))


def signed_in(client: Client) -> str:
    return str(client.session.get(SESSION_KEY, ""))


def test_the_first_sign_in_makes_an_account_without_rights(provider: IdentityProvider) -> None:
    client = Client()
    assert provider.sign_in(client).status_code == 302
    dana = User.objects.get(username="dana")
    assert signed_in(client) == str(dana.pk)
    assert (dana.is_superuser, dana.is_staff, dana.has_usable_password(), bindings()) == (False, False, False, set())


def test_groups_become_roles_and_are_recomputed_at_each_sign_in(provider: IdentityProvider) -> None:
    provider.says["groups"] = ["shop", "people nobody mapped"]
    provider.sign_in(Client())
    assert bindings() == {("operator", "application/3")}
    provider.says["groups"] = ["platform"]
    provider.sign_in(Client())
    assert bindings() == {("administrator", "*")}
    provider.says.pop("groups")
    provider.sign_in(Client())
    assert bindings() == set()
    actions = list(AuditEntry.objects.filter(action__startswith="rolebinding").order_by("number").values_list("action", flat=True))
    assert actions == ["rolebinding.create", "rolebinding.create", "rolebinding.delete", "rolebinding.delete"]
    assert not User.objects.get(username="dana").is_superuser


def test_what_an_administrator_gave_stays(provider: IdentityProvider) -> None:
    provider.sign_in(Client())
    RoleBinding.objects.create(user=User.objects.get(username="dana"), role="viewer", scope="*")
    provider.sign_in(Client())
    assert bindings() == {("viewer", "*")}


def test_nobody_becomes_somebody_who_is_here_already(provider: IdentityProvider) -> None:
    ada = User.objects.create_superuser("ada", "ada@example.org", "correct horse battery staple")
    provider.says |= {"preferred_username": "ada", "email": "ada@example.org", "email_verified": True}
    client = Client()
    provider.sign_in(client)
    assert signed_in(client) not in ("", str(ada.pk))


def test_a_token_signed_by_another_key_lets_nobody_in(provider: IdentityProvider) -> None:
    provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    client = Client()
    provider.sign_in(client)
    assert (signed_in(client), User.objects.exists()) == ("", False)


def test_a_token_for_another_client_lets_nobody_in(provider: IdentityProvider) -> None:
    provider.audience = "somebody-else"
    client = Client()
    provider.sign_in(client)
    assert signed_in(client) == ""


def test_an_answer_nobody_asked_for_lets_nobody_in(provider: IdentityProvider) -> None:
    client = Client()
    client.get("/sign-in/with/oidc/back/", {"code": "good", "state": "made-up"})
    assert signed_in(client) == ""


def test_groups_of_an_odd_shape_are_no_groups(provider: IdentityProvider) -> None:
    provider.says["groups"] = {"platform": True}
    provider.sign_in(Client())
    assert bindings() == set()


def test_the_sign_in_page_offers_the_provider(provider: IdentityProvider) -> None:
    assert "Go on with Acme" in Client().get("/sign-in/").content.decode()


def test_without_a_provider_there_is_none() -> None:
    assert Client().get("/sign-in/with/oidc/").status_code == 404
