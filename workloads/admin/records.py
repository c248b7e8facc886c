"""What happened, read only: changes and decisions, releases and deployments, findings, incidents, instances."""

from __future__ import annotations

from django.contrib import admin

from controlplane.core.administration import Parts
from controlplane.core.records import RecordAdmin
from workloads.models import Action, Approval, Change, Deployment, Finding, Incident, Instance, Release, Sighting


class Actions(Parts):
    model = Action
    fields = readonly_fields = ("position", "kind", "parameters", "status", "result")


class Approvals(Parts):
    model = Approval
    fields = readonly_fields = ("decided_by", "decision", "reason", "decided_at")


class Sightings(Parts):
    model = Sighting
    fields = readonly_fields = ("commit", "run_number", "new")


@admin.register(Change)
class ChangeAdmin(RecordAdmin):
    list_display = ("id", "title", "environment", "status", "risk", "proposed_by", "created_at")
    list_filter = ("status", "risk")
    list_select_related = ("environment__application",)
    search_fields = ("preview_sha256__exact", "environment__name__exact", "environment__application__name__exact")
    inlines = (Actions, Approvals)


@admin.register(Approval)
class ApprovalAdmin(RecordAdmin):
    list_display = ("id", "change", "decided_by", "decision", "decided_at")
    list_filter = ("decision",)
    list_select_related = ("change",)
    search_fields = ("decided_by__exact", "preview_sha256__exact")


@admin.register(Release)
class ReleaseAdmin(RecordAdmin):
    list_display = ("id", "application", "ref", "commit", "created_at")
    list_select_related = ("application",)
    search_fields = ("ref__exact", "commit__exact", "application__name__exact")


@admin.register(Deployment)
class DeploymentAdmin(RecordAdmin):
    list_display = ("id", "environment", "release", "kind", "status", "verdict", "created_at")
    list_filter = ("status", "verdict", "kind")
    list_select_related = ("environment__application", "release__application")
    search_fields = ("environment__name__exact", "environment__application__name__exact", "release__commit__exact")


@admin.register(Finding)
class FindingAdmin(RecordAdmin):
    list_display = ("id", "application", "tool", "rule", "severity", "path", "last_seen_at")
    list_filter = ("severity",)
    list_select_related = ("application",)
    search_fields = ("rule__exact", "tool__exact", "application__name__exact", "fingerprint__exact")
    inlines = (Sightings,)


@admin.register(Incident)
class IncidentAdmin(RecordAdmin):
    list_display = ("id", "title", "environment", "status", "opened_at", "resolved_at")
    list_filter = ("status",)
    list_select_related = ("environment__application",)
    search_fields = ("environment__name__exact", "environment__application__name__exact")


@admin.register(Instance)
class InstanceAdmin(RecordAdmin):
    list_display = ("id", "environment", "release", "wanted", "status", "created_at")
    list_filter = ("status", "wanted")
    list_select_related = ("environment__application", "release__application")
    search_fields = ("key__exact", "environment__name__exact", "environment__application__name__exact")
