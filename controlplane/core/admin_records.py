"""The audit and its proofs in the admin: read only. The dashboard's page searches better."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from controlplane.core.models import AuditEntry, AuditVerification
from controlplane.core.records import RecordAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    list_display = ("number", "at", "actor_label", "action", "target_label")
    search_fields = ("actor_label__exact", "action__exact", "target_label__exact", "request_id__exact")
    search_help_text = gettext_lazy("Who, what was done, to what, or a request id: the exact words.")


@admin.register(AuditVerification)
class AuditVerificationAdmin(RecordAdmin):
    list_display = ("id", "status", "asked_by", "asked_at", "finished_at", "entries", "heads", "broken_at")
    list_filter = ("status",)
