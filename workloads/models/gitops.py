"""Where the manifests of an environment are committed, and who syncs them to its cluster."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from controlplane.core.secrets import SealedTextField
from workloads.models.clusters import Target


class GitOpsRepository(models.Model):
    """A Git repository, branch and path that belong to one environment: Timonel writes there, Argo CD or Flux reads."""

    class Layout(models.TextChoices):
        PLAIN = "plain", "plain manifests"
        KUSTOMIZE = "kustomize", "Kustomize"

    class Engine(models.TextChoices):
        ARGO_CD = "argo_cd", "Argo CD"
        FLUX = "flux", "Flux"

    class Forge(models.TextChoices):
        NONE = "", "none"
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"

    target = models.OneToOneField(Target, on_delete=models.CASCADE, related_name="gitops")
    repository = models.CharField(max_length=500, help_text=_("The Git address that Timonel pushes to, without user and password."))
    branch = models.CharField(max_length=200, default="main")
    path = models.CharField(
        max_length=300, help_text=_("The folder of this environment's manifests. Timonel owns everything in it.")
    )
    layout = models.CharField(max_length=16, choices=Layout.choices, default=Layout.PLAIN)
    user = models.CharField(max_length=200, blank=True)
    token = SealedTextField(null=True, blank=True, editable=False)
    engine = models.CharField(max_length=16, choices=Engine.choices, default=Engine.ARGO_CD)
    # The object that syncs: an Application of Argo CD, or a Kustomization of Flux.
    object_namespace = models.CharField(max_length=63, default="argocd")
    object_name = models.CharField(max_length=200)
    # For pull requests: the forge, its API where that is not the public one, and the repository's name there.
    forge = models.CharField(max_length=16, choices=Forge.choices, blank=True)
    forge_repository = models.CharField(max_length=300, blank=True, help_text=_("As the forge calls it: owner/name."))
    api_url = models.CharField(max_length=500, blank=True, help_text=_("Empty for github.com and gitlab.com."))
    private = models.BooleanField(default=False, help_text=_("The forge is on a private network."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "GitOps repository"
        verbose_name_plural = "GitOps repositories"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repository", "branch", "path"], name="gitops_one_environment_a_path"),
        ]

    def __str__(self) -> str:
        return f"{self.repository} {self.branch} {self.path}"
