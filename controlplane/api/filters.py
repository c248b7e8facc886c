"""What may stand in a query: every parameter typed and bounded, every other one refused."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from agents.models import ModelCall, Run
from workloads.findings import State
from workloads.models import Change, Deployment, Finding, Incident, Notification
from workloads.models.notices import Kind
from workloads.reports import FORMATS
from workloads.verdicts import Verdict

BIGGEST = 2**63 - 1
COMMIT = r"^[0-9a-f]{40,64}$"


class Strict(serializers.Serializer[Any]):
    """Refuses a name it does not know: a typing error is not a default."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            known = ", ".join(self.fields) or "nothing"
            raise serializers.ValidationError({name: [f"There is no such field; known: {known}."] for name in unknown})
        return super().to_internal_value(data)


class NoQuery(Strict):
    """Nothing can be asked in the address."""


class PageQuery(Strict):
    """Where to go on, and how many rows."""

    cursor = serializers.CharField(required=False, max_length=200, help_text="Out of `next` or `previous` of a page.")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=200, help_text="Rows of a page; 50 unless told.")


class ApplicationPage(PageQuery):
    """A page of what belongs to applications."""

    application = serializers.CharField(required=False, max_length=63)


class EnvironmentPage(ApplicationPage):
    """A page of what belongs to environments."""

    environment = serializers.CharField(required=False, max_length=63)


class EnvironmentsQuery(ApplicationPage):
    """Which environments."""

    tier = serializers.ChoiceField(required=False, choices=["local", "staging", "production"])


class ReleasesQuery(ApplicationPage):
    """Which releases."""

    commit = serializers.RegexField(COMMIT, required=False)


class DeploymentsQuery(EnvironmentPage):
    """Which deployments."""

    status = serializers.ChoiceField(required=False, choices=Deployment.Status.values)
    verdict = serializers.ChoiceField(required=False, choices=[verdict.value for verdict in Verdict])
    kind = serializers.ChoiceField(required=False, choices=Deployment.Kind.values)


class RunsQuery(EnvironmentPage):
    """Which runs."""

    status = serializers.ChoiceField(required=False, choices=Run.Status.values)
    workflow = serializers.CharField(required=False, max_length=40)
    by = serializers.CharField(required=False, max_length=200, help_text="How the name of who asked begins.")
    q = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Words that one line of the run says, each by how it begins; among the newest 10,000 such lines of 30 days.",
    )


class ChangesQuery(EnvironmentPage):
    """Which changes."""

    status = serializers.ChoiceField(required=False, choices=Change.Status.values)
    risk = serializers.ChoiceField(required=False, choices=Change.Risk.choices)


class FindingsQuery(ApplicationPage):
    """Which findings."""

    run = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    report = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    tool = serializers.CharField(required=False, max_length=40)
    rule = serializers.CharField(required=False, max_length=200)
    severity = serializers.ChoiceField(required=False, choices=Finding.Severity.values)
    state = serializers.ChoiceField(
        required=False,
        choices=list(State),
        help_text="Each has one of new, continuing, fixed, suppressed; counting is the first two.",
    )


class ReportsQuery(ApplicationPage):
    """Which reports."""

    tool = serializers.CharField(required=False, max_length=40)
    commit = serializers.RegexField(COMMIT, required=False)


class ReportQuery(Strict):
    """What the body is."""

    format = serializers.ChoiceField(choices=list(FORMATS))
    commit = serializers.RegexField(COMMIT, help_text="The commit the tool looked at, whole.")
    base = serializers.RegexField(
        COMMIT, required=False, default="", help_text="What to hold it against; the newest commit reported before unless told."
    )
    tool = serializers.CharField(required=False, default="", max_length=40, help_text="A name of yours for the tool.")


class IncidentsQuery(EnvironmentPage):
    """Which incidents."""

    status = serializers.ChoiceField(required=False, choices=Incident.Status.values)


class NotificationsQuery(PageQuery):
    """Which notifications."""

    status = serializers.ChoiceField(required=False, choices=Notification.Status.values)
    kind = serializers.ChoiceField(required=False, choices=Kind.values)
    channel = serializers.CharField(required=False, max_length=100, help_text="The name of a channel.")
    subject = serializers.CharField(required=False, max_length=40, help_text="What it is about, such as run-7.")


class AuditQuery(PageQuery):
    """Which entries of the audit."""

    actor = serializers.CharField(required=False, max_length=200)
    action = serializers.CharField(required=False, max_length=64)
    target_type = serializers.CharField(required=False, max_length=64)
    target_id = serializers.CharField(required=False, max_length=64)
    after = serializers.IntegerField(required=False, min_value=0, max_value=BIGGEST, help_text="Entries with a higher number.")


class ModelCallsQuery(PageQuery):
    """Which calls of models."""

    status = serializers.ChoiceField(required=False, choices=ModelCall.Status.values)
    purpose = serializers.CharField(required=False, max_length=20)
    specialist = serializers.CharField(required=False, max_length=40)
    endpoint = serializers.CharField(required=False, max_length=63)
    run = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)


class EventsQuery(Strict):
    """Where to go on, and how long to wait for news."""

    after = serializers.IntegerField(min_value=0, max_value=BIGGEST, default=0)
    wait = serializers.FloatField(min_value=0, max_value=25, default=0, help_text="Seconds to wait for the next line, at most 25.")
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=1000)


def asked(request: Request, shape: type[Strict]) -> dict[str, Any]:
    """The checked query of the request; ValidationError otherwise."""
    given = shape(data=request.query_params.dict())
    given.is_valid(raise_exception=True)
    found: dict[str, Any] = given.validated_data
    return found
