"""What goes out, as JSON: one serializer a shape, one direction."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.models import Reading, Run
from controlplane.api.told import ReadingSerializer
from workloads import findings, phrases
from workloads.findings import State
from workloads.models import Change, Deployment, Finding, Incident, Notification, Report
from workloads.models.notices import Kind
from workloads.queries import ChangeDetail, EnvironmentDetail
from workloads.reporting import LIVE
from workloads.reports import FORMATS
from workloads.verdicts import Verdict

STATES = serializers.ChoiceField(choices=[State.NEW, State.CONTINUING, State.FIXED, State.SUPPRESSED])
VERDICTS = [(verdict.value, verdict.label) for verdict in Verdict]


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457): what is wrong, how to mend it, a reference to quote."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    cure = serializers.CharField(required=False)
    errors = serializers.DictField(required=False)  # type: ignore[assignment]  # a field here, an attribute there
    reference = serializers.CharField()


class ReleaseSerializer(serializers.Serializer[Any]):
    """One immutable version."""

    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field here, an attribute there
    ref = serializers.CharField()
    commit = serializers.CharField()
    commit_author = serializers.CharField()
    message = serializers.CharField()
    artefact_digest = serializers.CharField()
    image = serializers.CharField()
    created_at = serializers.DateTimeField()


class VariableSerializer(serializers.Serializer[Any]):
    """A variable of an environment; `value` is null where it is secret."""

    name = serializers.CharField()
    secret = serializers.BooleanField()
    value = serializers.CharField(allow_null=True)
    updated_at = serializers.DateTimeField()


class OwnedReleaseSerializer(ReleaseSerializer):
    """A release with its application."""

    application = serializers.CharField(source="application.name")


class DeploymentSerializer(serializers.Serializer[Any]):
    """One attempt to make a release live, with its verdict."""

    id = serializers.IntegerField()
    application = serializers.CharField(source="environment.application.name")
    environment = serializers.CharField(source="environment.name")
    kind = serializers.ChoiceField(choices=Deployment.Kind.choices)
    status = serializers.ChoiceField(choices=Deployment.Status.choices)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    automatic = serializers.BooleanField()
    release = ReleaseSerializer()
    previous = serializers.IntegerField(source="previous_id", allow_null=True)
    change = serializers.IntegerField(source="change_id", allow_null=True)
    run = serializers.IntegerField(source="run_number", allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)


class EnvironmentSerializer(serializers.Serializer[Any]):
    """Where an application runs."""

    id = serializers.IntegerField()
    application = serializers.CharField(source="application.name")
    name = serializers.CharField()
    tier = serializers.CharField()
    driver = serializers.CharField()
    port = serializers.IntegerField(allow_null=True)
    held_at = serializers.DateTimeField(allow_null=True)
    held_because = serializers.CharField()


class RollbackPlanSerializer(serializers.Serializer[Any]):
    """What a rollback would return to and what the migrations make of it."""

    possible = serializers.BooleanField()
    to = ReleaseSerializer(source="target.release", allow_null=True, default=None)
    impossible_because = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())


class EnvironmentDetailSerializer(serializers.Serializer[Any]):
    """An environment with what is live, what waits and the way back. Secret variables come by name only."""

    environment = EnvironmentSerializer()
    current = DeploymentSerializer(allow_null=True)
    variables = serializers.ListField(child=serializers.DictField())
    waiting = serializers.SerializerMethodField()
    rollback = RollbackPlanSerializer()
    may = serializers.ListField(child=serializers.CharField())

    def get_waiting(self, detail: EnvironmentDetail) -> list[int]:
        """The numbers of the changes that wait."""
        return [change.pk for change in detail.waiting]


class ApplicationSerializer(serializers.Serializer[Any]):
    """A Django project in a Git repository, with the environments that may be seen."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    repository = serializers.CharField()
    folder = serializers.CharField()
    default_ref = serializers.CharField()
    created_at = serializers.DateTimeField()
    environments = EnvironmentSerializer(many=True, source="seen_environments")


class ChangeSerializer(serializers.Serializer[Any]):
    """What would be done, or was."""

    id = serializers.IntegerField()
    application = serializers.CharField(source="environment.application.name")
    environment = serializers.CharField(source="environment.name")
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Change.Status.choices)
    risk = serializers.ChoiceField(choices=Change.Risk.choices)
    reasons = serializers.ListField(child=serializers.CharField())
    refused_because = serializers.CharField()
    preview_sha256 = serializers.CharField()
    quorum = serializers.IntegerField()
    required_role = serializers.CharField()
    proposed_by = serializers.CharField()
    run = serializers.IntegerField(source="run_number", allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    not_before = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """One person's, or the policy's, decision."""

    decision = serializers.CharField()
    decided_by = serializers.CharField()
    reason = serializers.CharField()
    preview_sha256 = serializers.CharField()
    decided_at = serializers.DateTimeField()


class ChangeDetailSerializer(serializers.Serializer[Any]):
    """A change with its exact preview, its decisions, and what the asker may decide (empty text: may)."""

    change = ChangeSerializer()
    preview = serializers.SerializerMethodField()
    decisions = DecisionSerializer(many=True)
    missing = serializers.IntegerField()
    why_not = serializers.DictField(child=serializers.CharField(allow_blank=True))
    deciders = serializers.ListField(child=serializers.CharField())
    deployment = serializers.IntegerField(source="deployment.pk", allow_null=True, default=None)
    readings = serializers.SerializerMethodField()

    @extend_schema_field(ReadingSerializer(many=True))
    def get_readings(self, detail: ChangeDetail) -> Any:
        """What models wrote about it, or why they wrote nothing."""
        return ReadingSerializer(Reading.objects.filter(change=detail.change), many=True).data

    begins_at = serializers.DateTimeField(allow_null=True, help_text="null: it is over, or nobody knows.")
    kept_because = serializers.SerializerMethodField()
    excepted_by = serializers.CharField(source="change.excepted_by.username", allow_null=True, default=None)
    excepted_because = serializers.CharField(source="change.excepted_because")

    def get_kept_because(self, detail: ChangeDetail) -> str:
        """Which window, stop or lock keeps it from beginning; empty where none does."""
        return phrases.kept(detail.kept) if detail.kept else ""

    def get_preview(self, detail: ChangeDetail) -> dict[str, Any]:
        """The document in the stored bytes."""
        return detail.preview


class RunSerializer(serializers.Serializer[Any]):
    """One execution of a workflow."""

    id = serializers.IntegerField(source="pk")
    workflow = serializers.CharField()
    application = serializers.CharField(source="environment.application.name")
    environment = serializers.CharField(source="environment.name")
    status = serializers.CharField()
    input = serializers.DictField()
    result = serializers.DictField()
    requested_by = serializers.CharField(source="requested_by_label")
    waiting_for = serializers.IntegerField(source="waiting_for_id", allow_null=True)
    last_event = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    url = serializers.SerializerMethodField()

    def get_url(self, run: Run) -> str:
        """Where to ask for it again."""
        return f"/api/v1/runs/{run.pk}"


class StepSerializer(serializers.Serializer[Any]):
    """One node of a run, its newest attempt, with its evidence."""

    node = serializers.CharField()
    attempt = serializers.IntegerField()
    status = serializers.CharField()
    verdict = serializers.CharField()
    summary = serializers.CharField()
    cure = serializers.CharField()
    evidence = serializers.ListField(child=serializers.DictField())
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class RunDetailSerializer(serializers.Serializer[Any]):
    """A run with its steps, and what it proposed and deployed."""

    run = RunSerializer()
    steps = StepSerializer(many=True)
    changes = ChangeSerializer(many=True)
    deployments = DeploymentSerializer(many=True)
    readings = ReadingSerializer(many=True)


class EventSerializer(serializers.Serializer[Any]):
    """One numbered line of a run's story."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    level = serializers.CharField()
    node = serializers.CharField()
    kind = serializers.CharField()
    text = serializers.CharField()


class EventsSerializer(serializers.Serializer[Any]):
    """The lines after the number asked for. Ask again after `last` until `ended`.

    `exit_code` is that of `manage.py deploy`, once the run has ended, is stuck, or waits for a person; null before.
    """

    events = EventSerializer(many=True)
    last = serializers.IntegerField()
    status = serializers.CharField()
    ended = serializers.BooleanField()
    exit_code = serializers.IntegerField(allow_null=True)


class FindingSerializer(serializers.Serializer[Any]):
    """One fact a tool reported."""

    id = serializers.IntegerField()
    application = serializers.CharField(source="application.name")
    tool = serializers.CharField()
    rule = serializers.CharField()
    severity = serializers.CharField()
    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()
    cure = serializers.CharField()
    state = serializers.SerializerMethodField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    fixed_at = serializers.DateTimeField(allow_null=True)
    suppressed_reason = serializers.CharField()
    suppressed_by = serializers.CharField()
    suppressed_until = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(STATES)
    def get_state(self, finding: Finding) -> str:
        """New, continuing, fixed or suppressed."""
        return findings.state_of(finding, timezone.now())


class ReportSerializer(serializers.Serializer[Any]):
    """A report of a tool, held against the one before: suppressed findings are neither new nor continuing."""

    id = serializers.IntegerField(source="pk")
    application = serializers.CharField(source="application.name")
    tool = serializers.CharField()
    format = serializers.ChoiceField(choices=[*FORMATS, LIVE])
    commit = serializers.CharField()
    base_commit = serializers.CharField()
    sha256 = serializers.CharField()
    facts = serializers.IntegerField()
    new = serializers.IntegerField()
    continuing = serializers.IntegerField()
    fixed = serializers.IntegerField()
    suppressed = serializers.IntegerField()
    received_by = serializers.CharField()
    received_at = serializers.DateTimeField()
    url = serializers.SerializerMethodField()

    def get_url(self, report: Report) -> str:
        """Where to ask for it again."""
        return f"/api/v1/reports/{report.pk}"


class IncidentSerializer(serializers.Serializer[Any]):
    """A symptom in an environment."""

    id = serializers.IntegerField()
    application = serializers.CharField(source="environment.application.name")
    environment = serializers.CharField(source="environment.name")
    deployment = serializers.IntegerField(source="deployment_id", allow_null=True)
    title = serializers.CharField()
    status = serializers.CharField()
    run = serializers.IntegerField(source="run_number", allow_null=True, help_text="The run whose deployment caused it.")
    response = serializers.IntegerField(allow_null=True, help_text="The newest run that looks after it.")
    diagnosed = serializers.CharField(help_text="What that holds to be wrong.")
    escalated_at = serializers.DateTimeField(allow_null=True, help_text="When it was found to need a person.")
    escalated_because = serializers.CharField()
    opener = serializers.ChoiceField(choices=Incident.Opener.choices)
    cause = serializers.CharField(help_text="What groups its alerts; empty where it stands for itself.")
    object = serializers.CharField(source="about", help_text="The object it shows at, as kind/name, where that is known.")
    alerts = serializers.IntegerField(source="alert_count")
    firing = serializers.IntegerField(source="firing_count")
    reopened = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)


class NotificationSerializer(serializers.Serializer[Any]):
    """One message to one receiver. `key` is what the receiver was given as its Idempotency-Key."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    subject = serializers.CharField()
    title = serializers.CharField(source="announcement.title")
    receiver = serializers.CharField(source="receiver_label")
    channel = serializers.CharField(source="channel.name", allow_null=True, default=None)
    key = serializers.CharField()
    status = serializers.ChoiceField(choices=Notification.Status.choices)
    why = serializers.CharField()
    put_off = serializers.CharField()
    folded_into = serializers.IntegerField(source="folded_into_id", allow_null=True)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class AttemptSerializer(serializers.Serializer[Any]):
    """One attempt to deliver a message; without an end its worker was lost, or it is under way."""

    number = serializers.IntegerField()
    began_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    delivered = serializers.BooleanField(allow_null=True)
    answer_code = serializers.IntegerField(allow_null=True)
    milliseconds = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()


class NotificationDetailSerializer(serializers.Serializer[Any]):
    """A message with every attempt."""

    notification = NotificationSerializer(source="*")
    attempts = AttemptSerializer(many=True, source="tries")


class AuditEntrySerializer(serializers.Serializer[Any]):
    """One write, as it was, bound to the one before by SHA-256."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor_kind = serializers.CharField()
    actor = serializers.CharField(source="actor_label")
    action = serializers.CharField()
    target_type = serializers.CharField()
    target_id = serializers.CharField()
    target = serializers.CharField(source="target_label")
    reason = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    reference = serializers.CharField(source="request_id")
    change_sha256 = serializers.CharField()
    previous_hash = serializers.CharField()
    hash = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    """Whether Timonel lives, or is ready: what was looked at, `ok` or what is wrong."""

    status = serializers.ChoiceField(choices=["ok", "unavailable"])
    checks = serializers.DictField(child=serializers.CharField())


class TokenSerializer(serializers.Serializer[Any]):
    """A token, without its text."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    verbs = serializers.ListField(child=serializers.CharField())
    scope = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class IssuedTokenSerializer(serializers.Serializer[Any]):
    """A new token; its text is shown this once."""

    token = TokenSerializer()
    text = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    """Who asks, and where they may do what."""

    username = serializers.CharField()
    actor = serializers.CharField()
    may = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
