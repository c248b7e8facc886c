"""The form of a specialist: what a model acting for it is told, and which of its tools it may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import legible, profiles
from agents.models import AgentProfile
from controlplane.core.redaction import redact

if TYPE_CHECKING:
    ProfileModelForm = forms.ModelForm[AgentProfile]
else:
    ProfileModelForm = forms.ModelForm

SHORTEST_PROMPT = 40  # characters: less tells a model nothing of what it is for


class ProfileForm(ProfileModelForm):
    """Tools are chosen among the specialist's own; all of them is the same as having chosen none to leave out."""

    tools = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What a model acting for it may call. What it proposes waits for people, whatever is chosen here."),
        error_messages={"invalid_choice": gettext_lazy("%(value)s is no tool of this specialist: choose among those listed.")},
    )

    class Meta:
        model = AgentProfile
        fields: ClassVar = ["enabled", "blocking", "timeout_seconds", "options", "thinking", "tools", "prompt"]
        widgets: ClassVar = {"prompt": forms.Textarea(attrs={"rows": 14, "spellcheck": "true"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = profiles.tools_of(self.instance.name)
        field = self.fields.get("tools")
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(name, name) for name in own]
            kept = self.instance.tools
            self.initial["tools"] = [name for name in own if kept is None or name in kept]

    def clean_tools(self) -> list[str] | None:
        """None where nothing is left out, so that a tool that is added later is held too."""
        chosen = self.cleaned_data["tools"]
        own = profiles.tools_of(self.instance.name)
        return None if set(chosen) == set(own) else [name for name in own if name in chosen]

    def clean_prompt(self) -> str:
        """A prompt that can be read by people too, and holds no secret: it goes out with every question."""
        text = str(self.cleaned_data["prompt"]).replace("\r\n", "\n").strip()
        if text and len(text) < SHORTEST_PROMPT:
            said = _("Say in at least %(count)d characters what it is for, or leave this empty for its own prompt.")
            raise ValidationError(said % {"count": SHORTEST_PROMPT})
        if legible.visible(text) != text:
            raise ValidationError(_("It holds characters that nobody can see. Paste it as plain text, or type it."))
        if redact(text) != text:
            raise ValidationError(_("It seems to hold a secret, and a prompt is sent with every question. Take it out."))
        return text
