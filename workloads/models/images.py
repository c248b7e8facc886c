"""Registries of images, and how Timonel signs in there."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.secrets import SealedTextField
from workloads.images.reference import HOST

ADDRESS = RegexValidator(
    rf"\A{HOST.pattern}", _("Write the host, with its port where it has one: ghcr.io, registry.example.org:5000.")
)


class Registry(models.Model):
    """A registry that images are pushed to or asked for. One that is listed here may be on a private network."""

    address = models.CharField(
        max_length=200, unique=True, validators=[ADDRESS], help_text=_("Its host, with the port if it has one.")
    )
    user = models.CharField(max_length=200, blank=True)
    password = SealedTextField(null=True, blank=True, editable=False)
    insecure = models.BooleanField(default=False, help_text=_("Plain http, as registries inside of a network sometimes are."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["address"]
        verbose_name_plural = "registries"

    def __str__(self) -> str:
        return self.address
