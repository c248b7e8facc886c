"""Clusters: what may be stored, who may connect, what is told about rights; on the fake and on a real one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.models import AuditEntry, User
from tests.cluster import kubeconfig
from tests.fake_cluster import FakeCluster
from workloads import cluster_rights, clusters
from workloads.adapters.kubernetes import kubeconfigs
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.eks import PREFIX, token
from workloads.adapters.kubernetes.failures import Forbidden
from workloads.adapters.kubernetes.inside import InCluster
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.cluster_rights import Need, Right
from workloads.models import Cluster, Environment, Target
from workloads.repairs import KINDS as REPAIRS

TERMINAL = Actor.system("terminal (somebody)")
NAMESPACE = "windows"


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster() as made:
        yield made


def config(cluster: Json | None = None, user: Json | None = None) -> str:
    held = {"server": "https://k8s.example.org:6443", **(cluster or {})}
    return yaml.safe_dump(
        {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": held}],
            "users": [{"name": "u", "user": user or {"token": "abc"}}],
        }
    )


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (
            {"exec": {"command": "touch", "args": ["/tmp/owned"]}},
            "starts a program",
        ),
        ({"auth-provider": {"name": "gcp", "config": {"cmd-path": "/bin/true"}}}, "starts a program"),
        ({"client-certificate": "/etc/passwd", "client-key": "/etc/shadow"}, "names a file"),
        ({"tokenFile": "/var/run/secrets/token"}, "names a file"),
        ({"token": "abc", "as": "system:admin"}, "impersonation"),
        ({"username": "admin", "password": "x"}, "password"),
        ({"client-certificate-data": "AA=="}, "neither a token"),
    ],
)
def test_a_stored_kubeconfig_may_not(user: Json, why: str) -> None:
    with pytest.raises(Invalid, match=why) as told:
        kubeconfigs.read(config(user=user))
    assert told.value.cure


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "server: x", "contexts: 3", config({"server": "ftp://x"}), config({"server": "https://u:p@x"})]
)
def test_what_is_no_kubeconfig_is_told_with_a_cure(text: str) -> None:
    with pytest.raises(Invalid) as told:
        kubeconfigs.read(text)
    assert told.value.cure


def test_a_kubeconfig_of_a_person_at_the_terminal_is_flattened(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----")
    (tmp_path / "token").write_text("from-the-file\n")
    text = config({"certificate-authority": "ca.crt"}, {"tokenFile": str(tmp_path / "token")})
    told = kubeconfigs.read(kubeconfigs.flattened(text, "", tmp_path))
    assert (told.token, told.authority) == ("from-the-file", "-----BEGIN CERTIFICATE-----")


def test_a_kubeconfig_of_a_person_at_the_terminal_starts_no_program_either(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="starts a program"):
        kubeconfigs.flattened(config(user={"exec": {"command": "aws"}}), "", tmp_path)


def test_the_service_account_of_our_pod_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.crt").write_text("CA")
    (tmp_path / "token").write_text("first")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    made = InCluster(tmp_path).connection()
    assert made.token is not None
    assert made.token(False) == "first"
    (tmp_path / "token").write_text("second")
    assert made.token(False) == "second"


def test_a_token_of_eks_is_a_presigned_question_that_names_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    made = token(boto3.session.Session(region_name="eu-west-1"), "eu-west-1", "shop")
    address = base64.urlsafe_b64decode(made.removeprefix(PREFIX) + "==").decode()
    assert address.startswith("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity")
    assert "x-k8s-aws-id" in address
    assert "X-Amz-Expires=60" in address


def test_only_who_administers_everything_connects(alice: User, admin: User, cluster: FakeCluster) -> None:
    with pytest.raises(Refused):
        clusters.connect(Actor.person(alice), "lab", "kubeconfig", read=cluster.kubeconfig)
    made = clusters.connect(Actor.person(admin), "lab", "kubeconfig", read=cluster.kubeconfig)
    entry = AuditEntry.objects.latest("number")
    assert entry.action == "cluster.connect"
    assert "anything" not in json.dumps(entry.after)
    assert Cluster.objects.get(pk=made.pk).read_credentials == cluster.kubeconfig
    with pytest.raises(Conflict):
        clusters.connect(Actor.person(admin), "lab", "kubeconfig", read=cluster.kubeconfig)


@pytest.mark.django_db
def test_the_test_of_a_connection_says_what_is_missing(cluster: FakeCluster) -> None:
    made = clusters.connect(TERMINAL, "lab", "kubeconfig", read=cluster.kubeconfig)
    cluster.denied |= {"patch deployments", "get pods/log"}
    clusters.check(TERMINAL, made)
    assert made.version == "v1.35.0"
    missing = {(row["identity"], row["named"]): row["missing"] for row in made.rights if row["state"] == "missing"}
    assert missing == {("read", "pods/log"): ["get"], ("write", "deployments.apps"): ["patch"], ("write", "pods/log"): ["get"]}


@pytest.mark.django_db
def test_why_a_cluster_does_not_answer_is_kept(cluster: FakeCluster) -> None:
    made = clusters.connect(TERMINAL, "lab", "kubeconfig", read=cluster.kubeconfig)
    cluster.tokens.add("another")
    with pytest.raises(Exception, match="expired"):
        clusters.check(TERMINAL, made)
    made.refresh_from_db()
    assert "expired" in made.trouble


@pytest.mark.django_db
def test_each_identity_has_its_own_client_and_new_credentials_a_new_one(cluster: FakeCluster) -> None:
    cluster.tokens |= {"anything", "writes"}
    write = cluster.kubeconfig.replace("anything", "writes")
    made = clusters.connect(TERMINAL, "lab", "kubeconfig", read=cluster.kubeconfig, write=write)
    assert clusters.reader(made) is clusters.reader(Cluster.objects.get(pk=made.pk))
    assert clusters.reader(made) is not clusters.writer(made)
    before = clusters.writer(made)
    changed = clusters.change(TERMINAL, made, write=write.replace("writes", "writes2"))
    assert clusters.writer(changed) is not before


@pytest.mark.django_db
def test_a_cluster_with_environments_stays(cluster: FakeCluster, environment: Environment) -> None:
    made = clusters.connect(TERMINAL, "lab", "kubeconfig", read=cluster.kubeconfig)
    target = Target.objects.create(environment=environment, cluster=made, namespace="shop")
    with pytest.raises(Conflict, match=str(environment)):
        clusters.remove(TERMINAL, made)
    target.delete()
    clusters.remove(TERMINAL, made)
    assert not Cluster.objects.exists()


@pytest.fixture
def environment(db: None) -> Environment:
    from tests.workloads.stage import stage

    return stage().environment


@pytest.mark.django_db
def test_an_address_of_a_metadata_service_is_refused() -> None:
    with pytest.raises(Invalid):
        clusters.connect(TERMINAL, "lab", "kubeconfig", read=config({"server": "http://169.254.169.254"}))


def test_what_is_granted_is_what_is_needed() -> None:
    for identity in ("read", "write"):
        made = cluster_rights.manifests("read" if identity == "read" else "write", ["shop"])
        granted = {
            (group, resource, verb)
            for item in made
            for rule in item.get("rules", [])
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
        needed = {(n.group, n.resource, verb) for n in cluster_rights.NEEDS if n.identity == identity for verb in n.verbs}
        assert granted == needed


def test_a_missing_right_is_said_in_words() -> None:
    right = Right(Need("write", "apps", "deployments", ("get", "patch"), "nothing can be rolled out"), "shop", ("get",))
    assert cluster_rights.summary([right]) == [
        "The identity to write may not patch deployments.apps in shop: nothing can be rolled out."
    ]


@pytest.mark.django_db
def test_the_terminal_prints_the_table_and_exits_by_what_is_missing(
    cluster: FakeCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config"
    file.write_text(cluster.kubeconfig)
    call_command("connect-cluster", "lab", "--kubeconfig", str(file))
    assert "Every needed right is there" in capsys.readouterr().out
    cluster.denied.add("patch services")
    with pytest.raises(SystemExit) as ended:
        call_command("connect-cluster", "lab", "--kubeconfig", str(file))
    assert ended.value.code == 3
    assert "--print-rights write" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        call_command("connect-cluster", "lab", "--kubeconfig", str(tmp_path / "nothing"))
    assert ended.value.code == 1


@pytest.mark.cluster
@pytest.mark.django_db
def test_the_manifests_grant_exactly_what_the_table_needs(kube: Client, namespace: str) -> None:
    """On a real cluster: an account with the Roles we print has every right; less one rule, the refusal names it."""
    read, write = (account(kube, namespace, identity) for identity in ("read", "write"))
    made = clusters.connect(TERMINAL, "real", "kubeconfig", read=read, write=write)
    place(made, namespace)
    clusters.check(TERMINAL, made)
    held = [row for row in made.rights if row["state"] in {"missing", "reduced"}]
    assert [row for row in held if row["namespace"] == namespace] == []
    assert [row["named"] for row in held] == []


@pytest.mark.cluster
@pytest.mark.django_db
@pytest.mark.parametrize("lost", ["deployments", "services", "configmaps", "secrets", "serviceaccounts", "jobs"])
def test_each_right_that_is_taken_away_is_named(kube: Client, namespace: str, lost: str) -> None:
    made = clusters.connect(TERMINAL, "real", "kubeconfig", read=account(kube, namespace, "write", without=lost))
    place(made, namespace)
    clusters.check(TERMINAL, made)
    missing = {row["resource"]: row["missing"] for row in made.rights if row["identity"] == "write" and row["state"] == "missing"}
    assert missing == {lost: list(cluster_rights.MAKE)}
    kind = next(kind_named(name) for name in KINDS if kind_named(name).plural == lost)
    with pytest.raises(Forbidden) as told:
        clusters.writer(made).listing(kind, namespace)
    assert told.value.right == f"list {lost}{'.' + kind.group if kind.group else ''} in {namespace}"


KINDS = ("Deployment", "Service", "ConfigMap", "Secret", "ServiceAccount", "Job")


def account(kube: Client, namespace: str, identity: str, without: str = "") -> str:
    """A kubeconfig of a new service account with the rights we print, all in one namespace."""
    made = cluster_rights.manifests("read" if identity == "read" else "write", [namespace], home=namespace)
    for item in made:
        if item["kind"] in {"Namespace", "Secret"}:
            continue
        if item["kind"].startswith("ClusterRole"):
            item["metadata"]["name"] += f"-{namespace}"
            if "roleRef" in item:
                item["roleRef"]["name"] += f"-{namespace}"
            item["metadata"]["ownerReferences"] = [_owner(kube, namespace)]
        for rule in item.get("rules", []):
            rule["resources"] = [one for one in rule["resources"] if one != without]
        if "rules" in item:
            item["rules"] = [rule for rule in item["rules"] if rule["resources"]]
        kube.apply(item, manager="tests")
    name = f"timonel-{'reader' if identity == 'read' else 'writer'}"
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    asked: Json = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    secret = kube.ask("POST", path, None, asked)["status"]["token"]
    document: Any = yaml.safe_load(kubeconfig())
    document["users"][0]["user"] = {"token": secret}
    return yaml.safe_dump(document)


def _owner(kube: Client, namespace: str) -> Json:
    """With the namespace, what belongs to none goes too."""
    home = kube.get(kind_named("Namespace"), namespace)
    assert home is not None
    return {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": home["metadata"]["uid"]}


def place(cluster: Cluster, namespace: str) -> None:
    """An environment there."""
    from tests.workloads.stage import stage

    Target.objects.create(environment=stage().environment, cluster=cluster, namespace=namespace)


def test_rights_for_repairs_are_granted_only_where_they_are_asked_for_and_then_suffice() -> None:
    def granted(also: tuple[str, ...]) -> set[tuple[str, str]]:
        return {(verb, need.named) for need in cluster_rights.needs("write", also) for verb in need.verbs}

    wanted = {need for kind in REPAIRS.values() for need in kind.needs if need[0] != "get"}
    unusual = {("patch", "nodes"), ("patch", "persistentvolumes"), ("patch", "resourcequotas"), ("patch", "statefulsets.apps")}
    assert unusual <= wanted and not unusual & granted(())
    assert wanted <= granted((cluster_rights.REPAIRS,))
    made = cluster_rights.manifests("write", ["shop"], also=(cluster_rights.REPAIRS,))
    cluster_wide = next(item for item in made if item["kind"] == "ClusterRole")
    assert any("nodes" in rule["resources"] and "patch" in rule["verbs"] for rule in cluster_wide["rules"])
