"""Channels and routes of notifications in the admin, a test message by a button; what was sent, read only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from controlplane.core import outward
from controlplane.core.administration import AuditedAdmin, Parts, actor_of
from controlplane.core.errors import Invalid, TimonelError
from controlplane.core.records import RecordAdmin
from workloads.adapters import mail
from workloads.models import (
    Announcement,
    Notification,
    NotificationAttempt,
    NotificationChannel,
    NotificationRoute,
    NotificationSettings,
)
from workloads.models.notices import CHOSEN_KINDS
from workloads.notices import asking

SEALED = ("address", "signing_key")
SHORTEST_KEY = 16  # characters
SECRET = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address and a key go in and are not shown again."""

    address = forms.CharField(
        required=False,
        max_length=2000,
        widget=SECRET,
        help_text=gettext_lazy("An https:// address, or for e-mail name@example.org. Left empty, the present one stays."),
    )
    signing_key = forms.CharField(
        required=False,
        max_length=200,
        widget=SECRET,
        help_text=gettext_lazy(
            "For webhooks: 16 characters or more that the receiver knows too. Left empty, the present one stays."
        ),
    )

    class Meta:
        model = NotificationChannel
        fields = ("name", "kind", "address", "signing_key", "private", "enabled")

    @property
    def changed_data(self) -> list[str]:
        """What was typed anew; an empty secret stays as it is."""
        return [name for name in super().changed_data if name not in SEALED or self.data.get(self.add_prefix(name))]

    def clean(self) -> dict[str, Any]:
        """An address that fits the kind, and a key where one is needed. What stays is judged again: the kind may have changed."""
        given: dict[str, Any] = super().clean() or {}
        for name in SEALED:
            given[name] = given.get(name) or getattr(self.instance, name) or ""
        kind = given.get("kind", "")
        try:
            _check_address(kind, given["address"], private=bool(given.get("private")))
        except Invalid as error:
            self.add_error("address", str(error))
        if kind == NotificationChannel.Kind.WEBHOOK and len(given["signing_key"]) < SHORTEST_KEY:
            self.add_error("signing_key", _("A webhook is signed: give a key of 16 characters or more."))
        return given


def _check_address(kind: str, address: str, *, private: bool) -> None:
    if kind == NotificationChannel.Kind.EMAIL:
        mail.check(address)
    else:
        outward.check(address, private=private)


@admin.register(NotificationChannel)
class ChannelAdmin(AuditedAdmin):
    """Where messages go."""

    list_display = ("name", "kind", "enabled", "private")
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    form = ChannelForm

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and the test message."""
        tries = self.admin_site.admin_view(require_POST(self.try_it))
        ours = path("<int:channel_id>/test/", tries, name="workloads_notificationchannel_test")
        return [ours, *super().get_urls()]

    def try_it(self, request: HttpRequest, channel_id: int) -> HttpResponse:
        """Send a test message, and say where to see what became of it."""
        channel = self.get_object(request, str(channel_id))
        if channel is None:
            raise Http404
        try:
            made = asking.try_channel(actor_of(request), channel)
            said = format_html('<a href="{}">{}</a>', reverse("notification", args=[made.pk]), _("See what became of it."))
            messages.success(request, format_html("{} {}", _("A test message is on its way."), said))
        except TimonelError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:workloads_notificationchannel_change", args=[channel_id]))


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is told where."""

    kinds = forms.MultipleChoiceField(
        choices=CHOSEN_KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all of them."),
    )
    breaks_through = forms.MultipleChoiceField(
        choices=CHOSEN_KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("These are told in quiet hours too."),
    )

    class Meta:
        model = NotificationRoute
        fields = "__all__"  # noqa: DJ007  # the admin names them

    def clean(self) -> dict[str, Any]:
        """An environment is one of the application, where both are named."""
        given: dict[str, Any] = super().clean() or {}
        environment, application = given.get("environment"), given.get("application")
        if environment and application and environment.application_id != application.pk:
            self.add_error("environment", _("This environment belongs to another application."))
        return given


@admin.register(NotificationRoute)
class RouteAdmin(AuditedAdmin):
    """Who is told what, and the hours in which it waits."""

    form = RouteForm
    list_display = ("name", "channel", "enabled", "minimum_severity", "tier", "application", "environment")
    list_filter = ("enabled", "channel", "tier", "minimum_severity")
    list_select_related = ("channel", "application", "environment__application")
    search_fields = ("name",)
    autocomplete_fields = ("application", "environment")
    fieldsets = (
        (None, {"fields": ("name", "channel", "enabled")}),
        (gettext_lazy("What"), {"fields": ("kinds", "minimum_severity", "tier", "application", "environment")}),
        (gettext_lazy("Quiet hours"), {"fields": ("quiet_from", "quiet_until", "quiet_zone", "breaks_through")}),
    )


class Attempts(Parts):
    model = NotificationAttempt
    fields = readonly_fields = ("number", "began_at", "finished_at", "delivered", "answer_code", "milliseconds", "error")


@admin.register(Announcement)
class AnnouncementAdmin(RecordAdmin):
    list_display = ("id", "kind", "severity", "subject", "title", "created_at")
    list_filter = ("kind", "severity")
    search_fields = ("subject__exact",)


@admin.register(Notification)
class NotificationAdmin(RecordAdmin):
    list_display = ("id", "receiver_label", "kind", "subject", "status", "attempts", "created_at")
    list_filter = ("status", "kind")
    search_fields = ("subject__exact", "receiver_label__exact")
    inlines = (Attempts,)


@admin.register(NotificationSettings)
class NotificationSettingsAdmin(RecordAdmin):
    """Everybody chooses for themselves; here it is only read."""

    list_display = ("person", "kinds", "quiet_from", "quiet_until", "quiet_zone")
    list_select_related = ("person",)
    search_fields = ("person__username",)
