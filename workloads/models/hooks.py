"""Webhooks: who may send what, what is done with it, what was received, and what the forge is told back."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.querysets import StateQuerySet
from controlplane.core.secrets import SealedTextField
from workloads.models.catalog import NAME, Application, Environment


class WebhookSource(models.Model):
    """Somebody who sends webhooks: a repository at a forge, an Alertmanager, a program with a key."""

    class Kind(models.TextChoices):
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"
        ALERTMANAGER = "alertmanager", "Alertmanager"
        GENERIC = "generic", _("Generic")

    FORGES = (Kind.GITHUB, Kind.GITLAB)

    name = models.CharField(max_length=63, unique=True, validators=[NAME], help_text=_("The last part of its address."))
    kind = models.CharField(max_length=16, choices=Kind.choices)
    application = models.ForeignKey(
        Application,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="webhook_sources",
        help_text=_("Its rules reach this application only. Empty for a repository that holds several."),
    )
    repository = models.CharField(
        max_length=300, blank=True, help_text=_("owner/name: what comes from another repository does nothing. Empty: any.")
    )
    enabled = models.BooleanField(default=True)
    secret = SealedTextField(editable=False)
    former_secret = SealedTextField(null=True, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Where commit and deployment statuses are written back to; without a token nothing is.
    api_url = models.CharField(
        max_length=500, blank=True, help_text=_("The address of the forge's API. Empty: api.github.com, or gitlab.com/api/v4.")
    )
    api_token = SealedTextField(blank=True, default="", help_text=_("A token that may write commit statuses and deployments."))
    private = models.BooleanField(default=False, help_text=_("The forge is on a private network, and may be asked there."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["github", "gitlab", "alertmanager", "generic"]), name="webhook_source_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(former_secret__isnull=True) | models.Q(former_until__isnull=False),
                name="webhook_source_former_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        """Where rights on it may be granted."""
        return self.application.scopes if self.application else ["*"]


class WebhookRule(models.Model):
    """What is done with what a source sends. Rules are read in order; each environment takes the first that matches."""

    class Event(models.TextChoices):
        PUSH = "push", _("Push to a branch")
        TAG = "tag", _("Tag")
        PULL_REQUEST = "pull_request", _("Pull or merge request")
        WORKFLOW_RUN = "workflow_run", _("Pipeline that succeeded")
        DEPLOYMENT_STATUS = "deployment_status", _("Deployment elsewhere that succeeded")
        ALERT = "alert", _("Alert")
        GENERIC = "generic", _("Generic")

    class Effect(models.TextChoices):
        DEPLOY = "deploy", _("Deploy")
        INCIDENT = "incident", _("Open an incident")
        NOTE = "note", _("Only note it")

    source = models.ForeignKey(WebhookSource, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(default=10, help_text=_("The lowest is read first."))
    event = models.CharField(max_length=20, choices=Event.choices)
    refs = models.CharField(
        max_length=500,
        blank=True,
        help_text=_("Branches, tags or names of alerts, such as main, release/*; ** crosses slashes. Empty: any."),
    )
    include = models.CharField(
        max_length=1000, blank=True, help_text=_("Files of which one must have changed, such as shop/**, libs/**. Empty: any.")
    )
    exclude = models.CharField(max_length=1000, blank=True, help_text=_("Files that do not count, such as **/*.md."))
    namespaces = models.CharField(
        max_length=500,
        blank=True,
        help_text=_("Namespaces whose alerts count, such as shop, shop-*. Empty: that of an environment on a cluster; else any."),
    )
    effect = models.CharField(max_length=8, choices=Effect.choices)
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.CASCADE, related_name="webhook_rules", help_text=_("Where.")
    )

    class Meta:
        ordering: ClassVar = ["source", "position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(effect="note") | models.Q(environment__isnull=False),
                name="webhook_rule_says_where",
                violation_error_message=_("Say in which environment."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_event_display()}"


class WebhookDelivery(models.Model):
    """One thing that a source sent and proved to have sent: its facts, and what came of it. Kept for a bounded time."""

    class Status(models.TextChoices):
        RECEIVED = "received"
        HANDLED = "handled"
        IGNORED = "ignored", "nothing to do"
        FAILED = "failed"

    source = models.ForeignKey(WebhookSource, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=100)
    # SHA-256 of what the proof covers: a replay under another id has the same.
    proved_sha256 = models.CharField(max_length=64)
    body_sha256 = models.CharField(max_length=64)
    event = models.CharField(max_length=60)
    facts = models.JSONField(default=dict, help_text=_("What was understood of it (workloads.hooks.news), redacted."))
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RECEIVED)
    alerts = models.JSONField(default=list, help_text=_("All alerts of it; the facts have the first ones."))
    # What came of it: [{"rule", "effect", "said", "run" or "incidents"}].
    outcome = models.JSONField(default=list)
    # The environments in which its alerts were counted: handled again, they are not counted twice.
    counted_in = ArrayField(models.BigIntegerField(), default=list)
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "delivery_id"], name="webhook_delivery_once"),
            models.UniqueConstraint(fields=["source", "proved_sha256"], name="webhook_delivery_proved_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["received_at"], name="webhook_delivery_by_time"),
            models.Index(fields=["received_at"], name="webhook_delivery_open", condition=models.Q(status="received")),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.delivery_id}"


class ForgeStatus(models.Model):
    """What a forge is to be told of one commit in one context, and what it was told: the last state wins."""

    class State(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        SUCCESS = "success"
        FAILURE = "failure"
        ERROR = "error"

    class Kind(models.TextChoices):
        COMMIT = "commit"
        DEPLOYMENT = "deployment"

    source = models.ForeignKey(WebhookSource, on_delete=models.CASCADE, related_name="statuses")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    repository = models.CharField(max_length=300)
    commit = models.CharField(max_length=64)
    ref = models.CharField(max_length=200, blank=True)
    tag = models.BooleanField(default=False)
    context = models.CharField(max_length=200)
    run_number = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    description = models.CharField(max_length=200, blank=True)
    wanted = models.PositiveIntegerField(default=1, help_text=_("Grows with every state that is to be told."))
    told = models.PositiveIntegerField(default=0, help_text=_("The last that was told."))
    settled = models.BooleanField(default=False, help_text=_("The run has ended, and nothing more is to be told."))
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, help_text=_("When it is told, or tried again; empty: not any more."))
    problem = models.TextField(blank=True)
    note = models.TextField(blank=True)
    remote_id = models.CharField(max_length=64, blank=True, help_text=_("The number of the deployment at the forge."))
    created_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "repository", "commit", "context", "kind"], name="forge_status_once_a_context"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], name="forge_status_due", condition=models.Q(next_at__isnull=False)),
            models.Index(fields=["run_number"], name="forge_status_by_run"),
        ]

    def __str__(self) -> str:
        return f"{self.context} at {self.commit[:10]}"
