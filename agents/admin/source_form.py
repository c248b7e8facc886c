"""The form of a source of documents: each kind is judged by what it needs, and told how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.library import MOST_PAGES
from controlplane.core import outward
from controlplane.core.errors import Invalid
from controlplane.core.permissions import EVERYWHERE
from knowledge import folders, uploads
from knowledge.models import Source
from workloads.adapters import git
from workloads.models import Application, Environment

SHORTEST = timedelta(minutes=1)
MOST_FILES = 200
Kind = Source.Kind


class Lines(forms.Field):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """A list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        """Lines as a list."""
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def validate(self, value: list[str]) -> None:
        """None is too long for its column."""
        if any(len(one) > 200 for one in value):
            raise forms.ValidationError(_("A pattern has at most 200 characters."))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other texts stand there."""
        return (initial or []) != self.to_python(data)


class Several(forms.FileInput):
    """A button that chooses several files."""

    allow_multiple_selected = True


class Files(forms.FileField):
    """Several files, each of a kind that is read and no larger than what is read."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The files as (name, content)."""
        given: list[UploadedFile[Any]] = [super(Files, self).clean(one, initial) for one in data or []]
        if len(given) > MOST_FILES:
            raise forms.ValidationError(_("At most %(most)d files at once.") % {"most": MOST_FILES})
        return [_read(one) for one in given]


def _read(file: UploadedFile[Any]) -> tuple[str, bytes]:
    name = str(file.name)
    try:
        if (file.size or 0) > folders.LARGEST:
            raise Invalid(_("It has more than %(most)d MB.") % {"most": folders.LARGEST // 1_000_000})
        content = file.read()
        read = folders.decoded(uploads.checked(name), content)
        if read.skipped:
            raise Invalid(read.skipped)
    except Invalid as error:
        raise forms.ValidationError(f"{name}: {error}") from error
    return name, content


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A source. Its scope is chosen by name; its key goes in and is not shown again."""

    name = forms.RegexField(
        r"^[a-z][a-z0-9-]*$",
        max_length=60,
        help_text=gettext_lazy("Small letters, digits and hyphens; it stands beside each passage."),
        error_messages={"invalid": gettext_lazy("Small letters, digits and hyphens, a letter first.")},
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Found by"), help_text=gettext_lazy("Whoever may see it finds these documents, nobody else does.")
    )
    include = Lines(required=False, help_text=gettext_lazy("Paths such as docs/**/*.md, one a line. None: every readable file."))
    exclude = Lines(required=False, help_text=gettext_lazy("Paths that are not read, one a line."))
    key = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("For pages of the web that ask for a bearer token. Left empty, the present one stays."),
    )
    upload = Files(required=False, help_text=gettext_lazy("For uploaded files: choose several. One of the same name is replaced."))

    class Meta:
        model = Source
        fields = ("name", "kind", "location", "ref", "include", "exclude", "scope", "key", "refresh_every", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scope" in self.fields:
            self.fields["scope"].choices = scopes(self.instance.scope)  # type: ignore[attr-defined]  # it is a ChoiceField

    @property
    def changed_data(self) -> list[str]:
        """What was typed anew; an empty key stays as it is."""
        return [name for name in super().changed_data if name != "key" or self.data.get(self.add_prefix("key"))]

    def clean_refresh_every(self) -> timedelta | None:
        """No busy loop."""
        every: timedelta | None = self.cleaned_data["refresh_every"]
        if every is not None and every < SHORTEST:
            raise forms.ValidationError(_("At least a minute: write 00:01:00, or leave it empty for once a day."))
        return every

    def clean(self) -> dict[str, Any]:
        """A place that fits the kind."""
        given: dict[str, Any] = super().clean() or {}
        kind = given.get("kind") or self.instance.kind
        given["location"] = given.get("location", "").strip()
        self._told("location", lambda: CHECKS.get(kind, _nowhere)(given["location"]))
        if kind == Kind.GIT and (given.get("ref", "").startswith("-") or not given.get("ref", "").strip()):
            self.add_error("ref", _("Name a branch, a tag or a commit; HEAD is the usual one."))
        if kind == Kind.CORPUS and Source.objects.filter(kind=Kind.CORPUS).exclude(pk=self.instance.pk).exists():
            self.add_error("kind", _("What comes with Timonel is a source already."))
        if given.get("upload") and kind != Kind.UPLOAD:
            self.add_error("upload", _("Files are uploaded into a source of uploaded files only."))
        given["key"] = self._key(kind, given)
        return given

    def _key(self, kind: str, given: dict[str, Any]) -> str | None:
        typed, before = given.get("key"), Source.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        key = typed or (before.key if before else None)
        if not key:
            return None
        if kind != Kind.WEB:
            self.add_error("key", _("Only pages of the web are asked with a key. Git uses the SSH keys of Timonel's account."))
        elif not all(address.startswith("https://") for address in given["location"].split()):
            self.add_error("key", _("A key is sent to https:// addresses only."))
        elif not typed and before and before.location.split() != given["location"].split():
            self.add_error("key", _("The pages are others: type the key for them."))
        return key

    def _told(self, field: str, check: Callable[[], None]) -> None:
        try:
            check()
        except Invalid as error:
            self.add_error(field, str(error))


def scopes(present: str) -> list[Any]:
    """Everyone, applications and environments by name; what is gone stays choosable where it is chosen."""
    applications = [(f"application/{pk}", name) for pk, name in Application.objects.order_by("name").values_list("pk", "name")]
    rows = Environment.objects.select_related("application").order_by("application__name", "name")
    here = [(f"environment/{one.pk}", str(one)) for one in rows]
    known: Sequence[tuple[str, str]] = [(EVERYWHERE, _("Everyone")), *applications, *here]
    gone = [] if not present or present in dict(known) else [(present, present)]
    return [known[0], *gone, (_("Who may see an application"), applications), (_("Who may see an environment"), here)]


def _nowhere(location: str) -> None:
    if location:
        raise Invalid(_("A source of this kind is nowhere else."), cure=_("Leave the location empty."))


def _folder(location: str) -> None:
    if not location or not Path(location).is_absolute():
        raise Invalid(
            _("This is not the whole path of a folder."), cure=_("Give one that begins with a slash, such as /srv/runbooks.")
        )
    try:
        known = Path(location).is_dir()
    except (OSError, ValueError):
        known = False
    if not known:
        raise Invalid(_("There is no such folder on this machine."), cure=_("Give one that is there and that Timonel may read."))


def _repository(location: str) -> None:
    if not location or len(location.split()) > 1:
        raise Invalid(_("Give the address of one repository."), cure=_("Such as https://git.example.org/runbooks.git."))
    git.check_address(location)


def _pages(location: str) -> None:
    addresses = location.split()
    if not addresses or len(addresses) > MOST_PAGES:
        most = {"most": MOST_PAGES}
        raise Invalid(_("Give 1 to %(most)d addresses.") % most, cure=_("One a line; only these are read, no link is followed."))
    for address in addresses:
        try:
            outward.check(address)
        except Invalid as error:
            raise Invalid(f"{address[:200]}: {error.message}", cure=error.cure) from error


CHECKS: dict[str, Callable[[str], None]] = {Kind.FOLDER: _folder, Kind.GIT: _repository, Kind.WEB: _pages}
