"""Model endpoints in the admin: the key goes in and never comes out, and a button asks whether it works."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from agents.llm import trial
from agents.models import ModelEndpoint
from controlplane.core import outward
from controlplane.core.administration import AuditedAdmin, administers, record
from controlplane.core.errors import Invalid


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where it is, what it is held to, and what it costs."""

    key = forms.CharField(
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Never shown again. Left empty, the present key stays, unless the address becomes another."),
    )

    class Meta:
        model = ModelEndpoint
        fields = (
            *("name", "kind", "address", "model", "api_version", "key", "private", "is_default", "enabled"),
            *("structured", "context_tokens", "answer_tokens", "timeout_seconds", "stall_seconds", "price_in", "price_out"),
        )

    def clean(self) -> dict[str, Any]:
        """An address that may be asked, and a key that was typed for it."""
        given = super().clean() or self.cleaned_data
        self._check_address(given)
        if given.get("kind") == ModelEndpoint.Kind.AZURE and not given.get("api_version"):
            self.add_error("api_version", _("Azure asks for one, such as 2024-10-21."))
        given["key"] = given.get("key") or self._present_key(given.get("address", ""))
        return given

    def _check_address(self, given: dict[str, Any]) -> None:
        address, private = given.get("address", ""), bool(given.get("private"))
        if not address:
            return
        try:
            outward.check(address, private=private)
        except Invalid as error:
            self.add_error("address", str(error))
            return
        if urlsplit(address).scheme != "https" and not private:
            self.add_error("address", _("Prompts and the key go there: give an https:// address, or mark it as private."))

    def _present_key(self, address: str) -> str:
        """The key that is there, for the place it was typed for: whoever changes the address must know the key."""
        before = ModelEndpoint.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        if before is None or not before.key:
            return ""
        if _place(before.address) != _place(address):
            self.add_error("key", _("The address is another one: type the key for it."))
            return ""
        return before.key


def _place(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.lower()


@admin.register(ModelEndpoint)
class ModelEndpointAdmin(AuditedAdmin):
    """Any OpenAI-compatible address. Save it, then try it."""

    form = EndpointForm
    change_form_template = "admin/agents/modelendpoint/change_form.html"
    list_display = ("name", "kind", "address", "model", "is_default", "enabled", "private")
    list_filter = ("kind", "enabled")
    search_fields = ("name", "address", "model")

    def get_urls(self) -> list[URLPattern]:
        """Beside the usual ones, the trial."""
        attempt = path("<int:endpoint_id>/try/", self.admin_site.admin_view(self.attempt), name="agents_modelendpoint_try")
        return [attempt, *super().get_urls()]

    @method_decorator(require_POST)
    def attempt(self, request: HttpRequest, endpoint_id: int) -> HttpResponse:
        """Ask it a tiny question and say what came."""
        if not administers(request):
            return HttpResponse(status=403)
        endpoint = get_object_or_404(ModelEndpoint, pk=endpoint_id)
        with transaction.atomic():  # what came of it is in the record of the call
            record(request, "try", endpoint, after={"address": endpoint.address, "model": endpoint.model})
        tried = trial.attempt(endpoint)
        messages.add_message(request, messages.SUCCESS if tried.well else messages.ERROR, said(tried))
        return HttpResponseRedirect(reverse("admin:agents_modelendpoint_change", args=[endpoint.pk]))


def said(tried: trial.Tried) -> str:
    """What came of a trial, for the person who pressed the button."""
    if not tried.answered:
        return _("No answer. %(why)s") % {"why": tried.why_not}
    facts = {"model": tried.model, "ms": tried.latency_ms, "tokens": tried.tokens}
    text = _("It answered as %(model)s in %(ms)d ms, with %(tokens)d tokens.") % facts
    if not tried.counted:
        text += " " + _("It does not count its tokens: they are estimated.")
    if tried.well:
        return f"{text} " + _("It keeps to a shape by %(how)s: yes.") % {"how": tried.shaped_by}
    return f"{text} " + _("It keeps to a shape by %(how)s: no. Choose another way, then try again.") % {"how": tried.shaped_by}
