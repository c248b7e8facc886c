"""Applications, the environments they run in, and the variables of those."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.permissions import Role
from controlplane.core.secrets import SealedTextField

NAME = RegexValidator(r"^[a-z][a-z0-9-]{0,62}$", "Use small letters, digits and hyphens, starting with a letter.")
VARIABLE_NAME = RegexValidator(r"^[A-Za-z_][A-Za-z0-9_]*$", "Use letters, digits and underscores, not starting with a digit.")


class Application(models.Model):
    """A Django project in a Git repository (a folder of it, for a monorepo)."""

    name = models.CharField(max_length=63, unique=True, validators=[NAME])
    repository = models.CharField(max_length=500, help_text=_("A Git address, or a folder on this machine."))
    folder = models.CharField(max_length=300, blank=True, help_text=_("The folder of the repository that holds manage.py."))
    default_ref = models.CharField(max_length=200, default="HEAD")
    # What `workloads.source` understood of the files at registration, kept to be shown and edited:
    understood = models.JSONField(default=dict, blank=True)
    # Overrides of what is proposed from the files; empty means "as proposed". A step is {"name", "run": [argv...], "when"}.
    build_steps = models.JSONField(null=True, blank=True)
    release_steps = models.JSONField(null=True, blank=True)
    processes = models.JSONField(null=True, blank=True, help_text=_('{"web": "gunicorn ...", "worker": "celery ..."}'))
    health_path = models.CharField(max_length=200, blank=True)
    allow_unpinned_sources = models.BooleanField(
        default=False, help_text=_("Build dependencies that come from Git or other addresses instead of a package index.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(name__regex=r"^[a-z][a-z0-9-]{0,62}$"), name="application_name_is_a_slug")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        """Where rights on this application may be granted."""
        return ["*", f"application/{self.pk}"]


class Environment(models.Model):
    """Where an application runs: a driver, a tier, variables, policy."""

    class Driver(models.TextChoices):
        PROCESS = "process"
        KUBERNETES = "kubernetes"

    class Tier(models.TextChoices):
        LOCAL = "local"
        STAGING = "staging"
        PRODUCTION = "production"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="environments")
    name = models.CharField(max_length=63, validators=[NAME])
    driver = models.CharField(max_length=16, choices=Driver.choices, default=Driver.PROCESS)
    tier = models.CharField(max_length=16, choices=Tier.choices, default=Tier.LOCAL)
    # Approval policy; what is empty follows the tier (workloads.policy).
    quorum = models.PositiveSmallIntegerField(null=True, blank=True)
    required_role = models.CharField(max_length=16, choices=Role.choices, blank=True)
    approval_expires_after = models.DurationField(null=True, blank=True)
    # The stable address (process driver) and the route behind it.
    port = models.PositiveIntegerField(null=True, blank=True, unique=True, help_text=_("The port of the stable address."))
    active_instance = models.ForeignKey("workloads.Instance", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    routed_instance = models.ForeignKey("workloads.Instance", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # The environment's own database, made at the first deployment unless a DATABASE_URL variable is set.
    database_url = SealedTextField(null=True, blank=True, editable=False)
    secret_key = SealedTextField(null=True, blank=True, editable=False)
    # After an automatic rollback nothing automatic happens here until a person releases the hold.
    held_at = models.DateTimeField(null=True, blank=True)
    held_because = models.CharField(max_length=300, blank=True)
    # Whoever applies a Change here takes the next number; the driver refuses an older one.
    fence = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["application__name", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "name"], name="environment_name_once_an_application"),
            models.CheckConstraint(
                condition=models.Q(quorum__isnull=True) | models.Q(quorum__gte=1), name="environment_quorum_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(tier__in=["local", "staging", "production"]), name="environment_tier_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.name}/{self.name}"

    @property
    def scopes(self) -> list[str]:
        """Where rights on this environment may be granted."""
        return ["*", f"application/{self.application_id}", f"environment/{self.pk}"]


class Variable(models.Model):
    """One environment variable given to an application's processes; always sealed in the database."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="variables")
    name = models.CharField(max_length=100, validators=[VARIABLE_NAME])
    value = SealedTextField(blank=True)
    secret = models.BooleanField(default=True, help_text=_("Never shown again, and redacted wherever it appears."))
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["environment", "name"], name="variable_name_once_an_environment")]

    def __str__(self) -> str:
        return self.name
