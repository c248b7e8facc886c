"""The form of a target: options and patches that cannot be are told at once, not at the next roll-out."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from controlplane.core.errors import Invalid
from workloads.manifests.options import options_of
from workloads.models import Target
from workloads.rendering import DRIVERS


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A target with its options and patches."""

    class Meta:
        model = Target
        fields: ClassVar = ["environment", "cluster", "namespace", "strategy", "mode", "image_repository", "options", "patches"]

    def clean_options(self) -> dict[str, Any]:
        """What a rendering would refuse is refused here, with the same words."""
        given: dict[str, Any] = self.cleaned_data["options"] or {}
        if not isinstance(given, dict):
            raise ValidationError(_('Give a map, as {"hosts": ["www.example.com"]}.'))
        try:
            options_of({name: value for name, value in given.items() if name not in DRIVERS})
        except Invalid as error:
            raise ValidationError(str(error)) from error
        return given

    def clean_patches(self) -> list[dict[str, Any]]:
        """Each names a kind; whether it meets anything, the rendering says."""
        given: Any = self.cleaned_data["patches"] or []
        if not isinstance(given, list) or not all(isinstance(patch, dict) and patch.get("kind") for patch in given):
            raise ValidationError(_('Give a list, as [{"kind": "Deployment", "component": "web", "patch": {"spec": {}}}].'))
        return given
