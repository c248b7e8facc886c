"""What the harbour office types."""

from django import forms

from logbook.models import Visit


class AnnounceForm(forms.ModelForm):
    """A vessel announces its visit."""

    class Meta:
        model = Visit
        fields = ["vessel", "berth", "due_at", "cargo"]
        widgets = {"due_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")}
