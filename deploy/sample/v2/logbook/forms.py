"""What the harbour office types."""

from django import forms

from logbook.models import Visit

WHEN = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class AnnounceForm(forms.ModelForm):
    """A vessel announces its visit."""

    class Meta:
        model = Visit
        fields = ["vessel", "berth", "due_at", "pilot_boards_at", "cargo"]
        widgets = {"due_at": WHEN, "pilot_boards_at": WHEN}
