"""Django's administration as an application of ours, with our own door."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Takes the place of `django.contrib.admin` among the installed applications."""

    default_site = "controlplane.core.site.AdministrationSite"
    default = False
