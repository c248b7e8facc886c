"""Webhooks in the admin: sources with their rules, keys that are shown once, deliveries as records."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlplane.core import outward
from controlplane.core.administration import AuditedAdmin, TabularInline, actor_of
from controlplane.core.errors import Invalid
from controlplane.core.records import RecordAdmin
from workloads import sources
from workloads.admin.configuration import NoDeletion
from workloads.models import WebhookDelivery, WebhookRule, WebhookSource

SHORTEST_KEY = 20
UNCHANGED = gettext_lazy("Left empty, the present value stays.")


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A source. Its key is made here unless one is given; keys and tokens go in and are not shown again."""

    given_secret = forms.RegexField(
        r"^[!-+\--~]*$",
        required=False,
        label=gettext_lazy("Secret"),
        min_length=SHORTEST_KEY,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Only where the sender made one. Left empty, a new source gets one, and another keeps its own."),
        error_messages={"invalid": gettext_lazy("Letters, digits and signs without spaces and commas.")},
    )
    api_token = forms.CharField(
        required=False,
        label=gettext_lazy("API token"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("For writing statuses back.") + " " + UNCHANGED,
    )

    class Meta:
        model = WebhookSource
        fields = ("name", "kind", "application", "repository", "enabled", "api_url", "private")
        labels: ClassVar = {"api_url": gettext_lazy("Address of the API")}

    def clean_api_token(self) -> str:
        """What was typed, or what is there."""
        return self.cleaned_data["api_token"] or (self.instance.api_token or "" if self.instance.pk else "")

    def clean(self) -> dict[str, Any]:
        """The forge's address, if there is one, may be asked."""
        values = super().clean() or {}
        if self.instance.pk and self.instance.api_token and "api_url" in self.changed_data and not self.data.get("api_token"):
            self.add_error("api_token", _("Give the token again: the present one was meant for the former address."))
        if values.get("api_url"):
            try:
                outward.check(values["api_url"], private=bool(values.get("private")))
            except Invalid as error:
                self.add_error("api_url", f"{error.message} {error.cure}")
        return values


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule reaches no further than its source, and its effect fits its event."""

    class Meta:
        model = WebhookRule
        fields = ("position", "event", "refs", "include", "exclude", "namespaces", "effect", "environment")
        widgets: ClassVar = {name: forms.TextInput(attrs={"size": 14}) for name in ("refs", "include", "exclude", "namespaces")}

    def clean(self) -> dict[str, Any]:
        """Whether the parts fit each other."""
        values = super().clean() or {}
        effect, alert = values.get("effect"), values.get("event") == WebhookRule.Event.ALERT
        if effect == WebhookRule.Effect.INCIDENT and not alert:
            self.add_error("effect", _("Only an alert opens an incident."))
        if effect == WebhookRule.Effect.DEPLOY and alert:
            self.add_error("effect", _("An alert deploys nothing."))
        if values.get("namespaces") and not alert:
            self.add_error("namespaces", _("Only alerts are of a namespace."))
        environment = values.get("environment")
        owner = self.instance.source.application_id if self.instance.source_id else None
        if owner and environment and environment.application_id != owner:
            self.add_error("environment", _("This source is for another application."))
        return values


class Rules(TabularInline):
    """What follows from what it sends; the lowest position is read first."""

    model = WebhookRule
    form = RuleForm
    extra = 0


@admin.register(WebhookSource)
class WebhookSourceAdmin(NoDeletion, AuditedAdmin):
    """Who may send webhooks. Switched off, it is answered as one that does not exist."""

    list_display = ("name", "kind", "application", "repository", "enabled", "address")
    list_filter = ("kind", "enabled")
    list_select_related = ("application",)
    search_fields = ("name",)
    form = SourceForm
    inlines = (Rules,)
    actions = ("make_new_secret", "end_former_secret")
    fields = (
        *("name", "kind", "address", "application", "repository", "enabled", "given_secret"),
        *("api_url", "api_token", "private"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What its address and its way of proof are made of stays."""
        return ("address", "name", "kind") if obj else ("address",)

    @admin.display(description=gettext_lazy("Address"))
    def address(self, source: WebhookSource) -> str:
        """Where the sender sends to."""
        return _address(source) if source.pk else _("It is made when the source is saved.")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save and record; that a key was given is recorded, never which."""
        given = form.cleaned_data.get("given_secret", "")
        if not change:
            obj.secret = given or sources.new_secret()
        obj.api_token = form.cleaned_data["api_token"]
        super().save_model(request, obj, form, change)
        if change and given:
            sources.change_secret(actor_of(request), obj, given)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The address and the secret, once."""
        return self._once(request, [(obj, obj.secret)])

    @admin.action(description=gettext_lazy("Make a new secret; the former stays good for a day"))
    def make_new_secret(self, request: HttpRequest, queryset: QuerySet[WebhookSource]) -> HttpResponse:
        """Show each new one once."""
        return self._once(request, [(source, sources.change_secret(actor_of(request), source)) for source in queryset])

    @admin.action(description=gettext_lazy("End the former secret now"))
    def end_former_secret(self, request: HttpRequest, queryset: QuerySet[WebhookSource]) -> None:
        """As after a leak."""
        for source in queryset:
            sources.forget_former(actor_of(request), source)
        self.message_user(request, _("Only the present secrets are good now."), messages.SUCCESS)

    def _once(self, request: HttpRequest, made: list[tuple[WebhookSource, str]]) -> HttpResponse:
        """A page that no cache keeps: not in a message, which would travel in a cookie."""
        shown = [{"source": source, "address": _address(source), "secret": secret} for source, secret in made]
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("The secret, shown once"), "made": shown}
        answer = TemplateResponse(request, "admin/workloads/webhooksource/secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(RecordAdmin):
    list_display = ("id", "source", "event", "status", "received_at", "handled_at")
    list_filter = ("status",)
    list_select_related = ("source",)
    search_fields = ("delivery_id__exact", "source__name__exact", "body_sha256__exact")


def _address(source: WebhookSource) -> str:
    """The address to give to the sender."""
    return settings.PUBLIC_URL + reverse("api:hook", args=[source.name])
