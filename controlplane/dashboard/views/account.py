"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

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


def address_of(request: HttpRequest) -> str:
    """Where the request comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))
