"""Every address of Timonel."""

from django.contrib import admin
from django.urls import include, path

from controlplane import unhandled

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("controlplane.api.urls")),
    path("", include("controlplane.dashboard.urls")),
]
handler400 = unhandled.bad_request
handler404 = unhandled.not_found
handler500 = unhandled.server_error
