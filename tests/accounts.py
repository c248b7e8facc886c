"""Service accounts of a real cluster with the rights that we print, less what a test takes away."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.cluster import kubeconfig
from workloads import cluster_rights
from workloads.adapters.kubernetes.access import Access
from workloads.adapters.kubernetes.client import Client
from workloads.adapters.kubernetes.kinds import Json, kind_named
from workloads.cluster_rights import Identity

Right = tuple[str, str, str]  # group, resource ("pods/log"), verb
ROLES = ("Role", "ClusterRole")


@dataclass
class Account:
    """One identity, and everything it may in a namespace; `kubeconfig` is its own."""

    kube: Client
    namespace: str
    identity: Identity
    kubeconfig: str = ""
    roles: list[Json] = field(default_factory=list)
    lost: set[Right] = field(default_factory=set)
    everywhere: bool = False  # one ClusterRole for all namespaces, not a Role in one

    @property
    def user(self) -> str:
        """As the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:timonel-{'reader' if self.identity == 'read' else 'writer'}"

    def lose(self, *lost: Right) -> None:
        """Everything but these from now on; returns once the API server knows it."""
        before, self.lost = self.lost, set(lost)
        for role in self.roles:
            self.kube.apply({**role, "rules": less(role["rules"], self.lost)}, manager="tests", force=True)
        client = Client(Access(self.kubeconfig))
        end = time.monotonic() + 30
        while wrong := [right for right in before ^ self.lost if self._may(client, right) is (right in self.lost)]:
            assert time.monotonic() < end, wrong
            time.sleep(0.05)

    def rights(self) -> list[Right]:
        """Each of them once."""
        return list(dict.fromkeys((need.group, need.resource, verb) for need in self._needs() for verb in need.verbs))

    def _needs(self) -> list[cluster_rights.Need]:
        return cluster_rights.needs(self.identity)

    def _may(self, client: Client, right: Right) -> bool:
        group, resource, verb = right
        plural, _, part = resource.partition("/")
        space = (
            ""
            if self.everywhere or any(need.everywhere and need.resource == resource for need in self._needs())
            else self.namespace
        )
        return client.allowed(verb, group, plural, space, part=part)


def less(rules: list[Json], lost: set[Right]) -> list[Json]:
    """These rules without these rights."""
    found = []
    for rule in rules:
        [group] = rule["apiGroups"]
        for resource in rule["resources"]:
            verbs = [verb for verb in rule["verbs"] if (group, resource, verb) not in lost]
            found += [{"apiGroups": [group], "resources": [resource], "verbs": verbs}] if verbs else []
    return found


def account(kube: Client, namespace: str, identity: Identity, *, everywhere: bool = False) -> Account:
    """A new service account with the Role and the ClusterRole we print; all of it goes with the namespace."""
    made = Account(kube, namespace, identity, everywhere=everywhere)
    for item in cluster_rights.manifests(identity, [] if everywhere else [namespace], home=namespace):
        if item["kind"] in {"Namespace", "Secret"}:
            continue
        if item["kind"].startswith("ClusterRole"):
            item["metadata"]["name"] += f"-{namespace}"
            if "roleRef" in item:
                item["roleRef"]["name"] += f"-{namespace}"
            item["metadata"]["ownerReferences"] = [_owner(kube, namespace)]
        kube.apply(item, manager="tests")
        made.roles += [item] if item["kind"] in ROLES else []
    made.kubeconfig = _with_token(kube, namespace, made.user.rpartition(":")[2])
    return made


def _with_token(kube: Client, namespace: str, name: str) -> str:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    asked: Json = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}}
    secret = kube.ask("POST", path, None, asked)["status"]["token"]
    document: Any = yaml.safe_load(kubeconfig())
    document["users"][0]["user"] = {"token": secret}
    return yaml.safe_dump(document)


def _owner(kube: Client, namespace: str) -> Json:
    """With the namespace, what belongs to none goes too."""
    home = kube.get(kind_named("Namespace"), namespace)
    assert home is not None
    return {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": home["metadata"]["uid"]}
