"""The knowledge base in the admin: sources are written here, what was read from them is only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from agents import shelves
from agents.admin.source_form import SourceForm
from controlplane.core.administration import AuditedAdmin, actor_of
from controlplane.core.errors import TimonelError
from controlplane.core.records import RecordAdmin
from knowledge import ingest, sources
from knowledge.models import Document, EmbeddingModel, Feedback, Passage, Source

STATE = ("status", "problem", "revision", "refreshed_at", "claimed_until")
READ_FROM = {"location", "ref", "include", "exclude", "key"}
MOST_SKIPPED = 200


@admin.register(Source)
class SourceAdmin(AuditedAdmin):
    """Where documents come from. A new source, and one that is read from elsewhere now, is read at once."""

    form = SourceForm
    list_display = ("name", "kind", "where", "enabled", "status", "refreshed_at")
    list_filter = ("kind", "status", "enabled")
    search_fields = ("name",)
    readonly_fields = ("status", "problem", "refreshed_at", "revision", "skipped_files")
    fieldsets = (
        (None, {"fields": ("name", "kind", "scope", "enabled")}),
        (gettext_lazy("Where it is"), {"fields": ("location", "ref", "key", "include", "exclude", "refresh_every", "upload")}),
        (gettext_lazy("How it stands"), {"fields": readonly_fields}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What a source is stays what it is: of another kind, everything that was read would go."""
        return (*self.readonly_fields, "kind") if obj else self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """With the names of what scopes name, asked for once."""
        self._names = shelves.places(Source.objects.values_list("scope", flat=True).distinct())
        return super().get_queryset(request)

    @admin.display(description=gettext_lazy("Found by"))
    def where(self, source: Source) -> str:
        """The scope by its name."""
        return self._names.get(source.scope, source.scope) if source.scope != "*" else _("everyone")

    @admin.display(description=gettext_lazy("Skipped files"))
    def skipped_files(self, source: Source) -> SafeString | str:
        """What was not read, and why."""
        rows = source.skipped.values_list("path", "reason")[:MOST_SKIPPED] if source.pk else []
        return format_html_join("", "<div><code>{}</code>: {}</div>", rows) or _("None.")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save and record; what a refresh wrote meanwhile stays, passages get the new scope, and what must be read is."""
        if change:
            now = Source.objects.select_for_update().get(pk=obj.pk)
            for name in STATE:
                setattr(obj, name, getattr(now, name))
        super().save_model(request, obj, form, change)
        ingest.rescope(obj)
        for name, content in form.cleaned_data.get("upload") or ():
            shelves.upload(actor_of(request), obj, name, content)
        if obj.enabled and obj.kind != Source.Kind.UPLOAD and (not change or READ_FROM & set(form.changed_data)):
            sources.ask(actor_of(request), obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[Any, int], set[str], list[Any]]:
        """What goes with a source is counted, not listed: there may be a hundred thousand passages."""
        chosen = list(objs)
        documents = Document.objects.filter(source__in=chosen).count()
        return [str(one) for one in chosen], {_("sources"): len(chosen), _("documents"): documents}, set(), []

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and reading now."""
        read = self.admin_site.admin_view(require_POST(self.read_now))
        return [path("<int:source_id>/read/", read, name="knowledge_source_read"), *super().get_urls()]

    def read_now(self, request: HttpRequest, source_id: int) -> HttpResponse:
        """Have it read, and say where to see what became of it."""
        source = self.get_object(request, str(source_id))
        if source is None:
            raise Http404
        try:
            shelves.refresh(actor_of(request), source)
            said = format_html('<a href="{}">{}</a>', reverse("knowledge-source", args=[source_id]), _("See what becomes of it."))
            messages.success(request, format_html("{} {}", _("It is being read."), said))
        except TimonelError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:knowledge_source_change", args=[source_id]))


@admin.register(Document)
class DocumentAdmin(RecordAdmin):
    """What was read. Its text is on its page of the dashboard."""

    list_display = ("id", "source", "path", "title", "language", "size", "changed_at")
    list_filter = ("source", "language")
    list_select_related = ("source",)
    search_fields = ("path__exact", "sha256__exact")
    hidden = ("text",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The columns, and the way to its text."""
        return ["page", *super().get_fields(request, obj)]

    @admin.display(description=gettext_lazy("Page"))
    def page(self, document: Document) -> SafeString:
        """A link to the dashboard."""
        return format_html('<a href="{}">{}</a>', reverse("knowledge-document", args=[document.pk]), document.title)


@admin.register(Passage)
class PassageAdmin(RecordAdmin):
    """What a search finds."""

    list_display = ("id", "document", "position", "first_line", "last_line", "scope")
    list_select_related = ("document__source",)
    search_fields = ("document__path__exact", "digest__exact")
    hidden = ("words",)


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(RecordAdmin):
    """What makes vectors. The active one answers; how another is built beside it belongs here."""

    list_display = ("id", "name", "kind", "dimension", "status", "created_at")
    list_filter = ("status", "kind")
    search_fields = ("name",)


@admin.register(Feedback)
class FeedbackAdmin(RecordAdmin):
    """Whether what was found helped."""

    list_display = ("id", "question", "document", "helped", "given_by", "given_at")
    list_filter = ("helped",)
    search_fields = ("given_by__exact", "document__exact")
