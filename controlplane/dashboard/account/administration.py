"""The door of Django's admin: our sign-in, in the place of its own."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def administration(request: HttpRequest) -> HttpResponse:
    """In the place of the admin's own sign-in page, which knows neither the throttle nor two-factor."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")
