"""What a person may say about themselves, and of a new token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from controlplane.core.models import User
from controlplane.core.permissions import EVERYWHERE, Verb
from workloads.models import NotificationSettings
from workloads.models.notices import CHOSEN_KINDS, check_zone


class Clock(forms.TimeInput):
    """A time of the day, as browsers ask for it."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


LIFETIMES = ((7, _("A week")), (30, _("30 days")), (90, _("90 days")), (365, _("A year")))


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A name and an address; the user name stays."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")


class NotificationsForm(forms.ModelForm):  # type: ignore[type-arg]
    """What one is told by e-mail, and the hours in which only some of it is."""

    kinds = forms.MultipleChoiceField(
        label=_("Send me an e-mail when"), choices=CHOSEN_KINDS, widget=forms.CheckboxSelectMultiple, required=False
    )
    quiet_from = forms.TimeField(label=_("Quiet hours from"), required=False, widget=Clock())
    quiet_until = forms.TimeField(label=_("Until"), required=False, widget=Clock(), help_text=_("Empty: no quiet hours."))
    quiet_zone = forms.CharField(
        label=_("Time zone"), max_length=64, validators=[check_zone], help_text=_("Such as Europe/Madrid.")
    )
    breaks_through = forms.MultipleChoiceField(
        label=_("Even in quiet hours"),
        choices=CHOSEN_KINDS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Everything else that happens in them is told when they end."),
    )

    class Meta:
        model = NotificationSettings
        fields = ("kinds", "quiet_from", "quiet_until", "quiet_zone", "breaks_through")


class TokenForm(forms.Form):
    """A token that is asked for; the scopes are those its person reaches."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What will use it: the pipeline, the script."))
    verbs = forms.MultipleChoiceField(label=_("May"), choices=Verb.choices, widget=forms.CheckboxSelectMultiple)
    scope = forms.ChoiceField(label=_("Where"))
    days = forms.TypedChoiceField(label=_("For"), choices=LIFETIMES, coerce=int, initial=90)

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = [(EVERYWHERE, _("Wherever I may")), *scopes]  # type: ignore[attr-defined]

    @property
    def lifetime(self) -> timedelta:
        """How long it will be valid."""
        return timedelta(days=self.cleaned_data["days"])
