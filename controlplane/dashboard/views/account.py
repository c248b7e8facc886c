"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from controlplane.dashboard.throttle import WINDOW_SECONDS, Attempt


class SignIn(LoginView):
    """The sign-in page. After too many tries it refuses for a while, whatever the password."""

    template_name = "account/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count the try, then look at the password."""
        self.attempt = Attempt(request.POST.get("username", "")[:150], address_of(request))
        if self.attempt.allowed():
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.errors.clear()
        return self._refuse(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Begin the session."""
        self.attempt.succeeded()
        return super().form_valid(form)

    def _refuse(self, form: Any) -> HttpResponse:
        minutes = WINDOW_SECONDS // 60
        context = {"form": form, "refused": _("Too many tries. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}}
        response = self.render_to_response(self.get_context_data(**context))
        response.status_code = 429
        return response


@login_not_required
@require_safe
def administration(request: HttpRequest) -> HttpResponse:
    """In the place of the admin's own sign-in page, which knows neither the throttle nor two-factor."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


def address_of(request: HttpRequest) -> str:
    """Where the request comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))
