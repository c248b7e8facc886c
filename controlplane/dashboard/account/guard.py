"""The throttle in front of every page that takes a secret."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from controlplane.core.addresses import address_of
from controlplane.core.throttle import Attempt

View = Callable[..., HttpResponse]
STAGE = "account_login"  # where django-allauth keeps who has given a password, but no second factor yet


def guarded(act: str, view: View, account_of: Callable[[HttpRequest], str]) -> View:
    """The view, but too many tries are refused for a while (429), whatever is given. A redirect is a success.

    Each act is counted by itself: what one page calls a success must not forget the tries at another.
    """

    @wraps(view)
    def answer(request: HttpRequest, **where: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, **where)
        attempt = Attempt(act, account_of(request), address_of(request))
        seconds = attempt.wait()
        if seconds:
            return too_many(request, seconds)
        response = view(request, **where)
        if response.status_code == 302:
            attempt.succeeded()
        return response

    return answer


def named(request: HttpRequest) -> str:
    """Whose password is tried: the form says it."""
    return request.POST.get("login", "")[:150]


def known(request: HttpRequest) -> str:
    """Whose secret is tried: the session says it, signed in or half signed in."""
    if request.user.is_authenticated:
        return str(request.user.pk)
    return str((request.session.get(STAGE) or {}).get("user_pk"))


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The page that says when to try again."""
    context = {"minutes": math.ceil(seconds / 60), "at": timezone.now() + timedelta(seconds=seconds)}
    response = render(request, "account/too_many.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response
