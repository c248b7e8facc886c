"""People and their rights, API tokens, the audit, the outbox."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.permissions import Role
from controlplane.core.querysets import StateQuerySet


class User(AbstractUser):
    """A person who may sign in."""


class RoleBinding(models.Model):
    """One role of one person, or of everybody in one group, in one scope: `*`, `application/<id>` or `environment/<id>`.

    Given by an administrator, or to a person by a group of the identity provider: those come and go with each sign-in.
    """

    class Source(models.TextChoices):
        ADMINISTRATOR = "administrator"
        GROUP = "group"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="role_bindings"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="role_bindings")
    role = models.CharField(max_length=16, choices=Role.choices)
    scope = models.CharField(max_length=64, default="*")
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.ADMINISTRATOR, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "role", "scope"], name="role_binding_once"),
            models.UniqueConstraint(fields=["group", "role", "scope"], name="role_binding_once_a_group"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(group__isnull=True),
                name="role_binding_of_somebody",
                violation_error_message=_("A role is of one person or of one group: name one of the two."),
            ),
            models.CheckConstraint(
                condition=models.Q(scope__regex=r"^(\*|application/\d+|environment/\d+)$"), name="role_binding_scope_is_known"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_binding_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group} is {self.role} of {self.scope}"


class ApiToken(models.Model):
    """A token for the API: hashed, scoped by verb, expiring, shown once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    verbs = ArrayField(models.CharField(max_length=16))
    scope = models.CharField(max_length=64, default="*")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "name"], name="api_token_name_once_a_person")]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class AuditEntry(models.Model):
    """One write, as it was: appended only (a database trigger refuses the rest), each entry bound to the one before."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_label = models.CharField(max_length=200)
    actor_user_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=64)
    target_id = models.CharField(max_length=64)
    target_label = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    change_sha256 = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering: ClassVar = ["-number"]
        # The search of the audit page: each way in is an index, read from the newest entry on. Words: migration 0003.
        indexes: ClassVar = [
            models.Index(fields=["target_type", "target_id"], name="audit_by_target"),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["actor_label"], name="audit_by_actor", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["action"], name="audit_by_action", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["target_label"], name="audit_by_label", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["request_id"], name="audit_by_request", condition=~models.Q(request_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.actor_label} {self.action} {self.target_label}"


class AuditVerification(models.Model):
    """One proof of the audit, asked for by a person or by the schedule. Its status is written by core.verification only."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WHOLE = "whole"
        BROKEN = "broken"
        FAILED = "failed"

    UNFINISHED = (Status.QUEUED, Status.RUNNING)

    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    entries = models.BigIntegerField(null=True, help_text=_("Entries that were found whole, from the first on."))
    heads = models.PositiveIntegerField(null=True, help_text=_("Exported heads it was compared with."))
    broken_at = models.BigIntegerField(null=True, help_text=_("The first entry that does not fit."))
    problem = models.TextField(blank=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(status__in=["queued", "running"]), name="audit_verification_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"verification {self.pk}"


class OutboxMessage(models.Model):
    """A task to be sent: written in the transaction of what causes it, sent after its commit, sent again if lost."""

    name = models.CharField(max_length=100)
    arguments = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="outbox_unsent", condition=models.Q(sent_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


class IdempotentAnswer(models.Model):
    """The answer given to a request that carried an Idempotency-Key, to be given again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_a_person")]

    def __str__(self) -> str:
        return self.key
