"""Berths, vessels and visits in the admin."""

from django.contrib import admin

from logbook.models import Berth, Vessel, Visit, Watch


@admin.register(Berth)
class BerthAdmin(admin.ModelAdmin):
    list_display = ["name", "length_m", "depth"]


@admin.register(Vessel)
class VesselAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "flag", "length_m"]
    list_filter = ["kind"]
    search_fields = ["name"]


@admin.register(Visit)
class VisitAdmin(admin.ModelAdmin):
    list_display = ["vessel", "berth", "due_at", "arrived_at", "departed_at"]
    list_select_related = ["vessel", "berth"]
    date_hierarchy = "due_at"


admin.site.register(Watch)
