"""The namespace, held to the restricted pod security standard, and the pods' service account without a token."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, names
from workloads.manifests.configuration import account_name
from workloads.manifests.options import Right
from workloads.manifests.profile import Profile

Json = dict[str, Any]
RBAC = "rbac.authorization.k8s.io/v1"
MODES = ("enforce", "audit", "warn")


def namespaces(profile: Profile) -> list[Json]:
    """The namespace. It outlives its content: whoever prunes leaves it."""
    if not profile.options.make_namespace:
        return []
    held = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in MODES}
    owned = {"app.kubernetes.io/managed-by": names.MANAGER, "timonel.dev/environment": str(profile.environment_id)}
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": profile.namespace, "labels": {**owned, **held}}}]


def accounts(profile: Profile) -> list[Json]:
    """The service account."""
    if profile.options.account.existing:
        return []
    metadata = marks.metadata(profile, account_name(profile))
    if told := dict(profile.options.account.annotations):
        metadata["annotations"] = dict(sorted({**metadata.get("annotations", {}), **told}.items()))
    return [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}]


def roles(profile: Profile) -> list[Json]:
    """A Role with the rights that are asked for, bound to the account; none where none is."""
    rights = profile.options.account.rights
    if not rights:
        return []
    name = names.joined(marks.prefix(profile), "pods", limit=names.LABEL)
    rules = [_role_rule(right) for right in rights]
    role = {"apiVersion": RBAC, "kind": "Role", "metadata": marks.metadata(profile, name), "rules": rules}
    binding = {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": marks.metadata(profile, name),
        "roleRef": {"apiGroup": RBAC.partition("/")[0], "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account_name(profile), "namespace": profile.namespace}],
    }
    return [role, binding]


def _role_rule(right: Right) -> Json:
    found: Json = {"apiGroups": list(right.groups), "resources": list(right.resources), "verbs": list(right.verbs)}
    return {**found, "resourceNames": list(right.names)} if right.names else found
