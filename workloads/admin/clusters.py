"""Clusters in the admin, and where on them environments run. Credentials go in and are not shown again."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core import outward
from controlplane.core.administration import AuditedAdmin, actor_of
from controlplane.core.errors import Invalid, TimonelError
from workloads import clusters
from workloads.adapters.kubernetes import kubeconfigs
from workloads.admin.target_form import TargetForm
from workloads.models import Cluster, Target

UNCHANGED = gettext_lazy("Left empty, the present one stays.")


def _kubeconfig(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(required=False, label=label, widget=widget, help_text=help_text, max_length=kubeconfigs.LONGEST)


class ClusterForm(forms.ModelForm):  # type: ignore[type-arg]
    """Kubeconfigs are judged here: what would start a program or read a file is refused."""

    read_kubeconfig = _kubeconfig(gettext_lazy("Kubeconfig to read"), UNCHANGED)
    write_kubeconfig = _kubeconfig(
        gettext_lazy("Kubeconfig to write"), gettext_lazy("Left empty, the one to read also writes, or the present one stays.")
    )

    class Meta:
        model = Cluster
        fields = ("name", "kind", "aws_region", "aws_cluster", "aws_role", "prometheus_url", "alertmanager_url")
        labels: ClassVar = {
            "aws_region": gettext_lazy("AWS region"),
            "aws_cluster": gettext_lazy("Name at AWS"),
            "aws_role": gettext_lazy("AWS role"),
            "prometheus_url": gettext_lazy("Address of Prometheus"),
            "alertmanager_url": gettext_lazy("Address of Alertmanager"),
        }

    def clean_read_kubeconfig(self) -> str:
        """What was typed, judged."""
        return self._judged("read_kubeconfig")

    def clean_write_kubeconfig(self) -> str:
        """What was typed, judged."""
        return self._judged("write_kubeconfig")

    def clean(self) -> dict[str, Any]:
        """Everything that its kind of access needs, and addresses that may be asked."""
        values = super().clean() or {}
        kind = values.get("kind", self.instance.kind)
        if kind == Cluster.Kind.KUBECONFIG and not (values.get("read_kubeconfig") or self.instance.read_credentials or self.errors):
            self.add_error("read_kubeconfig", _("A kubeconfig is needed."))
        if kind == Cluster.Kind.EKS and not (values.get("aws_region") and values.get("aws_cluster")):
            self.add_error("aws_cluster", _("A cluster of EKS needs its region and its name there."))
        for name in ("prometheus_url", "alertmanager_url"):
            self._address(name, values.get(name, ""))
        return values

    def _judged(self, name: str) -> str:
        given: str = self.cleaned_data[name]
        if given:
            try:
                outward.check(kubeconfigs.read(given).server, private=True)
            except Invalid as error:
                raise forms.ValidationError(f"{error.message} {error.cure}") from error
        return given

    def _address(self, name: str, value: str) -> None:
        if value:
            try:
                outward.check(value, private=True)
            except Invalid as error:
                self.add_error(name, f"{error.message} {error.cure}")


@admin.register(Cluster)
class ClusterAdmin(AuditedAdmin):
    """Kubernetes clusters, each with an identity to read and one to write."""

    list_display = ("name", "kind", "server", "version", "checked_at")
    search_fields = ("name", "server")
    form = ClusterForm
    actions = ("look",)
    fields = (
        *("name", "kind", "read_kubeconfig", "write_kubeconfig", "aws_region", "aws_cluster", "aws_role"),
        *("prometheus_url", "alertmanager_url", "server", "version", "checked_at", "trouble"),
    )
    readonly_fields = ("server", "version", "checked_at", "trouble")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What others name it by stays."""
        return (*self.readonly_fields, "name", "kind") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what no environment runs on."""
        free = obj is None or not obj.targets.exists()
        return free and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep the credentials that were given and record that they were, never which."""
        read, write = form.cleaned_data.get("read_kubeconfig"), form.cleaned_data.get("write_kubeconfig")
        obj.read_credentials, obj.write_credentials = read or obj.read_credentials, write or obj.write_credentials
        if read:
            obj.server = kubeconfigs.read(read).server[:500]
            form.changed_data.append("read_credentials")
        if write:
            form.changed_data.append("write_credentials")
        if change and form.changed_data:
            obj.version, obj.rights, obj.trouble, obj.checked_at = "", [], "", None
        super().save_model(request, obj, form, change)

    @admin.action(description=gettext_lazy("Ask each for its version and our rights"))
    def look(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        """Test the connections."""
        for cluster in queryset:
            try:
                clusters.check(actor_of(request), cluster)
            except TimonelError as error:
                self.message_user(request, f"{cluster}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{cluster}: {cluster.version}", messages.SUCCESS)


@admin.register(Target)
class TargetAdmin(AuditedAdmin):
    """Where on a cluster an environment runs, and how a release is rolled out there."""

    form = TargetForm
    list_display = ("environment", "cluster", "namespace", "strategy", "mode")
    list_select_related = ("environment__application", "cluster")
    search_fields = ("environment__name", "environment__application__name", "cluster__name", "namespace")
    fields = ("environment", "cluster", "namespace", "strategy", "mode", "image_repository", "options", "patches")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """It is this environment's."""
        return ("environment",) if obj else ()
