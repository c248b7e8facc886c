"""What django-allauth asks of us: no open sign-up, no mails, secrets sealed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from controlplane.core import roles
from controlplane.core.actors import Actor
from controlplane.core.addresses import address_of
from controlplane.core.secrets import seal, unseal


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by administrators, or by the identity provider."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address as the throttle counts it."""
        return address_of(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Timonel sends no mails of its own."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """TOTP secrets and recovery codes lie in the database sealed."""

    def encrypt(self, text: str) -> str:
        """Sealed with the first encryption key."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed."""
        return unseal(encrypted_text)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Whom the identity provider knows has an account; their groups say what they may."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """The provider lets in whom it lets in; without a group that is named in the settings they see nothing."""
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """An address the provider tells of is no proof of anything here: accounts are never joined by it."""
        sociallogin.email_addresses = []
        if sociallogin.is_existing:
            self.follow_groups(sociallogin)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """Make the account, then give it the roles of its groups."""
        user = super().save_user(request, sociallogin, form)
        self.follow_groups(sociallogin)
        return user

    def follow_groups(self, sociallogin: Any) -> None:
        """The roles of the groups that the provider has just named, and no others of groups."""
        rules = roles.parse(settings.OIDC_ROLES)
        roles.follow_groups(Actor.system("identity provider"), sociallogin.user, groups_in(sociallogin.account.extra_data), rules)


def groups_in(said: dict[str, Any]) -> set[str]:
    """The groups in what the provider said, in its user information or its identity token; anything odd is no group."""
    for part in (said.get("userinfo"), said.get("id_token"), said):
        named = part.get(settings.OIDC_GROUPS_CLAIM) if isinstance(part, dict) else None
        if isinstance(named, list):
            return {name for name in named if isinstance(name, str)}
    return set()
