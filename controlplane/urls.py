"""Every address of Timonel."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from controlplane import unhandled

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/setlang/", require_POST(set_language), name="set_language"),
    path("api/v1/", include("controlplane.api.urls")),
    path("", include("controlplane.dashboard.account.urls")),
    path("", include("controlplane.dashboard.urls")),
]
handler400 = unhandled.bad_request
handler404 = unhandled.not_found
handler500 = unhandled.server_error
