"""Registries and GitOps repositories in the administration: what goes in, and what never comes out."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from workloads.models import Application, Cluster, Environment, GitOpsRepository, Registry, Target

pytestmark = pytest.mark.django_db
GOOD = {
    "repository": "https://git.example.org/team/deploy.git", "branch": "main", "path": "production/shop", "layout": "plain",
    "engine": "argo_cd", "object_namespace": "argocd", "object_name": "shop", "user": "", "given_token": "hunter2-token",
    "forge": "", "forge_repository": "", "api_url": "",
}  # fmt: skip


@pytest.fixture
def client(admin: object) -> Client:
    found = Client()
    found.force_login(admin)  # type: ignore[arg-type]
    return found


@pytest.fixture
def target(db: None) -> Target:
    application = Application.objects.create(name="shop", repository="/nowhere")
    environment = Environment.objects.create(application=application, name="production", tier="production", driver="kubernetes")
    return Target.objects.create(environment=environment, cluster=Cluster.objects.create(name="lab"), namespace="shop")


def test_a_registry_s_password_goes_in_and_is_not_shown(client: Client) -> None:
    add = reverse("admin:workloads_registry_add")
    client.post(add, {"address": "ghcr.io", "user": "dan", "given_password": "hunter2-token"})
    row = Registry.objects.get()
    assert row.password == "hunter2-token"
    change = reverse("admin:workloads_registry_change", args=[row.pk])
    assert b"hunter2" not in client.get(change).content
    client.post(change, {"address": "ghcr.io", "user": "eve", "given_password": ""})
    row.refresh_from_db()
    assert (row.user, row.password) == ("eve", "hunter2-token")
    client.post(change, {"address": "other.example", "user": "eve", "given_password": ""})
    row.refresh_from_db()
    assert row.password is None  # it was meant for another address


@pytest.mark.parametrize("address", ["https://ghcr.io", "ghcr.io/team", "a b", "dan@ghcr.io"])
def test_what_is_no_host_is_no_registry(client: Client, address: str) -> None:
    client.post(reverse("admin:workloads_registry_add"), {"address": address, "user": ""})
    assert not Registry.objects.exists()


def test_a_repository_is_kept_with_its_token_sealed(client: Client, target: Target) -> None:
    answer = client.post(reverse("admin:workloads_gitopsrepository_add"), {**GOOD, "target": target.pk})
    assert answer.status_code == 302, answer.context["errors"]
    row = GitOpsRepository.objects.get()
    assert row.token == "hunter2-token"
    change = reverse("admin:workloads_gitopsrepository_change", args=[row.pk])
    assert b"hunter2" not in client.get(change).content
    client.post(change, {**GOOD, "target": target.pk, "given_token": "", "repository": "https://evil.example/x.git"})
    row.refresh_from_db()
    assert row.token is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": "https://dan:pw@git.example.org/x.git"},
        {"repository": "ext::sh -c id"},
        {"repository": "--upload-pack=id"},
        {"path": ""},
        {"path": "../other"},
        {"path": ".git/hooks"},
        {"branch": "-x"},
        {"api_url": "http://169.254.169.254/"},
    ],
)
def test_what_could_be_read_as_more_is_refused(client: Client, target: Target, wrong: dict[str, str]) -> None:
    client.post(reverse("admin:workloads_gitopsrepository_add"), {**GOOD, **wrong, "target": target.pk})
    assert not GitOpsRepository.objects.exists()


def test_pull_requests_need_a_forge(client: Client, target: Target) -> None:
    Target.objects.update(mode=Target.Mode.PULL_REQUEST)
    client.post(reverse("admin:workloads_gitopsrepository_add"), {**GOOD, "target": target.pk})
    assert not GitOpsRepository.objects.exists()
    client.post(
        reverse("admin:workloads_gitopsrepository_add"), {**GOOD, "target": target.pk, "forge": "github", "forge_repository": "a/b"}
    )
    assert GitOpsRepository.objects.exists()
