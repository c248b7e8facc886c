"""What django-allauth did, in the audit."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.models import User
from controlplane.dashboard.door import reference


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Somebody signed in."""
    _record(request, user, "person.sign_in")


@receiver(password_changed)
def changed_password(request: HttpRequest, user: User, **_: Any) -> None:
    """Somebody changed their password."""
    _record(request, user, "person.change_password")


@receiver(authenticator_added)
def added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Somebody has a second factor more."""
    _record(request, user, "authenticator.add", {"type": authenticator.type})


@receiver(authenticator_removed)
def removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Somebody has a second factor less."""
    _record(request, user, "authenticator.remove", {"type": authenticator.type})


@receiver(authenticator_reset)
def renewed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Somebody made new recovery codes."""
    _record(request, user, "authenticator.renew", {"type": authenticator.type})


def _record(request: HttpRequest, user: User, action: str, after: dict[str, str] | None = None) -> None:
    with transaction.atomic():
        audit.record(Actor.person(user, reference(request)), action, user, after=after)
