"""Folders that outlive a release: in the pod, where they end with it, or on a volume."""

from __future__ import annotations

from typing import Any

from workloads.manifests import marks, names
from workloads.manifests.profile import Profile

Json = dict[str, Any]
SHARED = "shared"


def mounts(profile: Profile) -> list[Json]:
    """Where the folders appear in a container. A file is kept by its folder, unless that is the application's own."""
    found = []
    for path in _folders(profile):
        found.append({"name": SHARED, "mountPath": f"{home(profile).rstrip('/')}/{path}", "subPath": path})
    return found


def volumes(profile: Profile) -> list[Json]:
    """The volume that holds them."""
    if not _folders(profile):
        return []
    if profile.options.storage.kind == "temporary":
        return [{"name": SHARED, "emptyDir": {"sizeLimit": profile.options.storage.size}}]
    return [{"name": SHARED, "persistentVolumeClaim": {"claimName": claim_name(profile)}}]


def claims(profile: Profile) -> list[Json]:
    """The claim for a volume, where one is asked for and not there already."""
    chosen = profile.options.storage
    if chosen.kind != "claim" or chosen.claim or not _folders(profile):
        return []
    spec: Json = {"accessModes": [chosen.access], "resources": {"requests": {"storage": chosen.size}}}
    if chosen.class_name:
        spec["storageClassName"] = chosen.class_name
    metadata = marks.metadata(profile, claim_name(profile))
    return [{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}]


def claim_name(profile: Profile) -> str:
    """The claim's name."""
    return profile.options.storage.claim or names.joined(marks.prefix(profile), "files")


def home(profile: Profile) -> str:
    """The folder of manage.py in the image."""
    return profile.options.home or profile.home


def notes(profile: Profile) -> list[str]:
    """What a person must know about files before approving."""
    folders = _folders(profile)
    found = []
    if folders and profile.options.storage.kind == "temporary":
        found.append(
            f"What is written to {', '.join(folders)} is in the pod's own folder and ends with it. "
            'To keep it, give "storage": {"kind": "claim"} in the target\'s options.'
        )
    several = len(profile.processes) > 1 or profile.tier != "local"
    if folders and several and profile.options.storage.kind == "claim" and profile.options.storage.access == "ReadWriteOnce":
        found.append("A ReadWriteOnce volume keeps all pods that use it on one node; ReadWriteMany does not.")
    files = [path for path in profile.shared if not path.endswith("/") and "/" not in path.strip("/")]
    if files:
        found.append(f"{', '.join(files)} cannot be written: a pod's own files are read-only. Use a database server.")
    return found


def _folders(profile: Profile) -> list[str]:
    found = [path.strip("/") if path.endswith("/") else path.rpartition("/")[0].strip("/") for path in profile.shared]
    return sorted({path for path in found if path and path != "."})
