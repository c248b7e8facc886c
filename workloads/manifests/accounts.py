"""The namespace, held to the restricted pod security standard, and the pods' service account without a token."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, names
from workloads.manifests.configuration import account_name
from workloads.manifests.profile import Profile

Json = dict[str, Any]
MODES = ("enforce", "audit", "warn")


def namespaces(profile: Profile) -> list[Json]:
    """The namespace. It outlives its content: whoever prunes leaves it."""
    if not profile.options.make_namespace:
        return []
    held = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in MODES}
    owned = {"app.kubernetes.io/managed-by": names.MANAGER, "timonel.dev/environment": str(profile.environment_id)}
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": profile.namespace, "labels": {**owned, **held}}}]


def accounts(profile: Profile) -> list[Json]:
    """The service account; no Role: the pods ask the API server for nothing."""
    if profile.options.account.existing:
        return []
    metadata = marks.metadata(profile, account_name(profile))
    if told := dict(profile.options.account.annotations):
        metadata["annotations"] = dict(sorted({**metadata.get("annotations", {}), **told}.items()))
    return [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}]
