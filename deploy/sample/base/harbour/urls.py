"""Which address shows what."""

from django.contrib import admin
from django.urls import path

from logbook import health, views

urlpatterns = [
    path("", views.harbour, name="harbour"),
    path("vessels/", views.vessels, name="vessels"),
    path("visits/announce/", views.announce, name="announce"),
    path("visits/<int:pk>/arrived/", views.arrived, name="arrived"),
    path("visits/<int:pk>/departed/", views.departed, name="departed"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
