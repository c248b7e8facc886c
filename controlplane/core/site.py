"""Django's administration with our own door: a role lets in, and signing in is our own page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core.administration import administers


class AdministrationSite(AdminSite):
    """Open to administrators of everything."""

    site_header = site_title = gettext_lazy("Timonel administration")
    index_title = gettext_lazy("Configuration and records")

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the person may come in."""
        return administers(request)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one page to sign in; who is signed in and has no right here is told so."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(_("The administration needs the role administrator everywhere."))
        return redirect_to_login(resolve_url("admin:index"), resolve_url(settings.LOGIN_URL))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """One's own password is changed on one's own account page, which knows the throttle and two-factor."""
        return redirect("account_change_password")
