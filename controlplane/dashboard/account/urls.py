"""The addresses of signing in and of one's own account. The names are those by which django-allauth knows its pages."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account import views as account
from allauth.mfa.base import views as second
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from allauth.usersessions import views as sessions
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlplane.dashboard.account import pages, provider
from controlplane.dashboard.account.guard import guarded, known, named
from controlplane.dashboard.door import page

View = Callable[..., HttpResponse]
BOTH = require_http_methods(["GET", "HEAD", "POST"])


def _form(route: str, view: View, name: str) -> URLPattern:
    """A page of django-allauth with its form."""
    return path(route, BOTH(view), name=name)


def _secret(route: str, view: View, name: str) -> URLPattern:
    """One that takes a secret: behind the throttle."""
    return path(route, BOTH(guarded(name, view, named if name == "account_login" else known)), name=name)


urlpatterns = [
    _secret("sign-in/", account.login, "account_login"),
    path("sign-out/", login_not_required(require_POST(account.logout)), name="account_logout"),
    path("sign-in/inactive/", login_not_required(require_safe(account.account_inactive)), name="account_inactive"),
    _secret("sign-in/second-factor/", second.authenticate, "mfa_authenticate"),
    _secret("sign-in/passkey/", passkeys.login_webauthn, "mfa_login_webauthn"),
    path("sign-in/with/<slug:provider_id>/", provider.begin, name="openid_connect_login"),
    path("sign-in/with/<slug:provider_id>/back/", provider.back, name="openid_connect_callback"),
    path("sign-in/cancelled/", login_not_required(require_safe(social.login_cancelled)), name="socialaccount_login_cancelled"),
    path("sign-in/failed/", login_not_required(require_safe(social.login_error)), name="socialaccount_login_error"),
    path("account/", page(require_safe(pages.show)), name="account"),
    path("account/profile/", page(require_POST(pages.change_profile)), name="account-profile"),
    path("account/notifications/", page(require_POST(pages.choose_notifications)), name="account-notifications"),
    path("account/tokens/", page(require_POST(pages.make_token)), name="account-token-make"),
    path("account/tokens/<int:token_id>/revoke/", page(require_POST(pages.revoke_token)), name="account-token-revoke"),
    _form("account/sessions/", sessions.list_usersessions, "usersessions_list"),
    _secret("account/password/", pages.change_password, "account_change_password"),
    _secret("account/confirm/", account.reauthenticate, "account_reauthenticate"),
    _secret("account/confirm/code/", second.reauthenticate, "mfa_reauthenticate"),
    _secret("account/confirm/passkey/", passkeys.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    path("account/two-factor/", require_safe(second.index), name="mfa_index"),
    _form("account/two-factor/app/add/", totp.activate_totp, "mfa_activate_totp"),
    _form("account/two-factor/app/remove/", totp.deactivate_totp, "mfa_deactivate_totp"),
    path("account/two-factor/codes/", require_safe(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/two-factor/codes/download/", require_safe(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    _form("account/two-factor/codes/make/", codes.generate_recovery_codes, "mfa_generate_recovery_codes"),
    path("account/two-factor/passkeys/", require_safe(passkeys.list_webauthn), name="mfa_list_webauthn"),
    _form("account/two-factor/passkeys/add/", passkeys.add_webauthn, "mfa_add_webauthn"),
    _form("account/two-factor/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, "mfa_remove_webauthn"),
    _form("account/two-factor/passkeys/<int:pk>/rename/", passkeys.edit_webauthn, "mfa_edit_webauthn"),
]
