"""Registries of images and GitOps repositories in the admin. Passwords and tokens go in and are not shown again."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from controlplane.core import outward
from controlplane.core.administration import AuditedAdmin
from controlplane.core.errors import Invalid, TimonelError
from workloads.adapters import commits, git
from workloads.models import GitOpsRepository, Registry

UNCHANGED = gettext_lazy("Left empty, the present one stays; it is forgotten where the address changes.")


def _hidden(label: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(required=False, strip=False, label=label, widget=widget, help_text=UNCHANGED, max_length=4000)


class RegistryForm(forms.ModelForm):  # type: ignore[type-arg]
    """A registry; its password goes in."""

    given_password = _hidden(gettext_lazy("Password or token"))

    class Meta:
        model = Registry
        fields = ("address", "user", "insecure")
        labels: ClassVar = {"insecure": gettext_lazy("Plain http")}


@admin.register(Registry)
class RegistryAdmin(AuditedAdmin):
    """Where images are pushed to and asked for. What is listed may be on a private network."""

    list_display = ("address", "user", "insecure")
    search_fields = ("address",)
    form = RegistryForm
    fields = ("address", "user", "given_password", "insecure")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep a password that was given; one that was meant for another address goes."""
        obj.password = _kept(form, "given_password", "password", obj.password, moved=change and "address" in form.changed_data)
        super().save_model(request, obj, form, change)


class GitOpsForm(forms.ModelForm):  # type: ignore[type-arg]
    """A repository whose address, branch and path can be written to; its token goes in."""

    given_token = _hidden(gettext_lazy("Token"))

    class Meta:
        model = GitOpsRepository
        fields = (
            *("target", "repository", "branch", "path", "layout", "user", "engine", "object_namespace", "object_name"),
            *("forge", "forge_repository", "api_url", "private"),
        )

    def clean_repository(self) -> str:
        """An address that git is given, without credentials in it."""
        address: str = self.cleaned_data["repository"].strip()
        if "@" in address.partition("://")[2].partition("/")[0]:
            raise forms.ValidationError(gettext_lazy("Write user and token in their own fields: an address is shown."))
        _demand(lambda: git.check_address(address))
        return address

    def clean_branch(self) -> str:
        """A name that a branch may have."""
        branch: str = self.cleaned_data["branch"].strip()
        _demand(lambda: commits.check_place(branch, "a"))
        return branch

    def clean_path(self) -> str:
        """A folder inside of the repository, never all of it: everything in it is ours."""
        path: str = self.cleaned_data["path"].strip().strip("/")
        _demand(lambda: commits.check_place("main", path))
        return path

    def clean(self) -> dict[str, Any]:
        """The forge's address may be asked, and is there where pull requests are wanted."""
        values = super().clean() or {}
        if values.get("api_url"):
            try:
                outward.check(values["api_url"], private=bool(values.get("private")))
            except Invalid as error:
                self.add_error("api_url", f"{error.message} {error.cure}")
        target = values.get("target")
        if (
            target is not None
            and target.mode == target.Mode.PULL_REQUEST
            and not (values.get("forge") and values.get("forge_repository"))
        ):
            self.add_error(
                "forge", gettext_lazy("This environment wants pull requests: say which forge, and the repository's name there.")
            )
        return values


@admin.register(GitOpsRepository)
class GitOpsRepositoryAdmin(AuditedAdmin):
    """Where manifests are committed instead of applied, and who syncs them."""

    list_display = ("target", "repository", "branch", "path", "engine", "object_name")
    list_select_related = ("target__environment__application", "target__cluster")
    search_fields = ("repository", "path", "object_name")
    form = GitOpsForm
    fields = (
        *("target", "repository", "branch", "path", "layout", "user", "given_token"),
        *("engine", "object_namespace", "object_name", "forge", "forge_repository", "api_url", "private"),
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep a token that was given; one that was meant for another server goes."""
        moved = change and bool({"repository", "api_url", "forge"} & set(form.changed_data))
        obj.token = _kept(form, "given_token", "token", obj.token, moved=moved)
        super().save_model(request, obj, form, change)


def _kept(form: Any, given: str, field: str, present: str | None, *, moved: bool) -> str | None:
    """What is kept of a secret; that it changed is recorded, never what it is."""
    if value := form.cleaned_data.get(given):
        form.changed_data.append(field)
        return str(value)
    return None if moved else present


def _demand(check: Any) -> None:
    try:
        check()
    except TimonelError as error:
        raise forms.ValidationError(f"{error.message} {error.cure}") from error
