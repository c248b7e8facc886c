"""The page My account: who I am, how I sign in, my tokens."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from controlplane.core import audit, tokens
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.models import ApiToken, User
from controlplane.core.permissions import Verb
from controlplane.dashboard import door, sight
from controlplane.dashboard.account.forms import NotificationsForm, ProfileForm, TokenForm
from workloads import visibility
from workloads.models import NotificationSettings
from workloads.notices import asking
from workloads.notices.announcing import CRITICAL


def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page."""
    return _page(request, actor)


def change_profile(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Change one's own name and address."""
    form = ProfileForm(request.POST, instance=_me(request))
    if not form.is_valid():
        return _page(request, actor, 400, profile=form)
    with transaction.atomic():
        person = form.save()
        audit.record(actor, "user.change", person, after={"fields": form.changed_data})
    return door.go(request, reverse("account"))


def choose_notifications(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Choose what one is told by e-mail, and when not."""
    form = NotificationsForm(request.POST, instance=_told(_me(request)))
    if not form.is_valid():
        return _page(request, actor, 400, notifications=form)
    asking.choose(actor, _me(request), form.cleaned_data)
    messages.success(request, _("Your notification settings are saved."))
    return door.go(request, reverse("account"))


def change_password(request: HttpRequest) -> HttpResponse:
    """Django-allauth's page, for who has a password here at all; every other session of theirs ends."""
    if not _me(request).has_usable_password():
        raise PermissionDenied
    return cast("HttpResponse", account.password_change(request))


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def make_token(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a token; the answer shows its text, this once."""
    form = TokenForm(request.POST, scopes=_scopes(actor))
    if not form.is_valid():
        return _page(request, actor, 400, token_form=form)
    asked, verbs = form.cleaned_data, [Verb(verb) for verb in form.cleaned_data["verbs"]]
    try:
        made, text = tokens.issue(actor, _me(request), asked["name"], verbs, scope=asked["scope"], lifetime=form.lifetime)
    except TimonelError as error:
        return _page(request, actor, error.status, token_form=form, error=error)
    return _page(request, actor, made=made, text=text)


def revoke_token(request: HttpRequest, actor: Actor, token_id: int) -> HttpResponse:
    """End one of one's own tokens now."""
    mine = ApiToken.objects.filter(user=_me(request), revoked_at__isnull=True)
    tokens.revoke(actor, sight.one(mine, "token", pk=token_id))
    return door.go(request, reverse("account"))


def _page(request: HttpRequest, actor: Actor, status: int = 200, **more: Any) -> HttpResponse:
    person = _me(request)
    context = {
        "profile": ProfileForm(instance=person),
        "notifications": NotificationsForm(instance=_told(person)),
        "token_form": TokenForm(scopes=_scopes(actor)),
        "tokens": ApiToken.objects.filter(user=person, revoked_at__isnull=True).order_by("-pk"),
        "second_factors": _second_factors(person),
        "sessions": UserSession.objects.filter(user=person).count(),
    }
    response = render(request, "account/page.html", context | more, status=status)
    response["Cache-Control"] = "no-store"  # it may show a token's text
    return response


def _told(person: User) -> NotificationSettings:
    """What they chose, or what holds for who has not chosen yet: nothing."""
    found = NotificationSettings.objects.filter(person=person).first()
    return found or NotificationSettings(person=person, quiet_zone=settings.TIME_ZONE, breaks_through=list(CRITICAL))


def _me(request: HttpRequest) -> User:
    return cast("User", request.user)


def _second_factors(person: User) -> set[str]:
    return set(Authenticator.objects.filter(user=person).values_list("type", flat=True))


def _scopes(actor: Actor) -> list[tuple[str, str]]:
    """What the person sees, as scopes of a token with their names."""
    applications = [(f"application/{row.pk}", row.name) for row in visibility.applications(actor).order_by("name")]
    environments = [(f"environment/{row.pk}", str(row)) for row in sight.environments(actor).order_by("application__name", "name")]
    return applications + environments
