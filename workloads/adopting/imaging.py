"""Which image really runs, by digest; and what may tell the commit it was built from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from controlplane.core.errors import Conflict, Invalid
from workloads.adopting.containers import main
from workloads.adopting.running import Json, Running, labels_of, name_of, pod_labels

BY_DIGEST = re.compile(r"(?:[a-z-]+://)?(?P<name>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})\Z")
REVISIONS = ("org.opencontainers.image.revision", "timonel.dev/commit", "app.kubernetes.io/revision")
VERSION = "app.kubernetes.io/version"


def image(running: Running, workloads: Sequence[Json]) -> str:
    """registry/name@sha256:... of all of them; registry/name:tag where no pod tells its digest.

    Raises Conflict while another version is being rolled out, Invalid where the workloads run different images.
    """
    found = {name_of(item): _of(running, item) for item in workloads}
    if len(set(found.values())) > 1:
        told = "; ".join(f"{name} runs {one}" for name, one in found.items())
        raise Invalid(
            f"One release is one image, and these run several: {told}.",
            cure="Leave the others out: name those of one image with --deployment.",
        )
    return next(iter(found.values()))


def revisions(workloads: Sequence[Json]) -> list[str]:
    """What may name the commit, the surest first: annotations and labels of it, a version, the image's tag."""
    found: list[str] = []
    for item in workloads:
        notes = {**(item["metadata"].get("annotations") or {}), **labels_of(item), **pod_labels(item)}
        found += [str(notes[name]) for name in REVISIONS if notes.get(name)]
        if version := notes.get(VERSION):
            found += [version, f"v{version}"]
        tag = str(main(item).get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[2]
        if tag and tag != "latest":
            found += [tag, tag.removeprefix("sha-").removeprefix("git-"), f"v{tag}"]
    return list(dict.fromkeys(found))


def _of(running: Running, item: Json) -> str:
    """As its pods say; the Deployment's own word where it has a digest, or no pod tells."""
    asked = str(main(item).get("image", ""))
    if BY_DIGEST.match(asked):
        return asked
    pods = running.pods_of(item)
    wanted = [pod for pod in pods if any(one.get("image") == asked for one in pod["spec"].get("containers") or [])]
    if len(wanted) < len(pods):
        raise Conflict(f"Deployment {name_of(item)} is being rolled out now.", cure="Wait until it has ended, then ask again.")
    digests = {digest for pod in pods if (digest := _digest(pod, main(item)["name"]))}
    if len(digests) > 1:
        raise Conflict(
            f"The pods of Deployment {name_of(item)} run {len(digests)} different images, although all are called {asked}.",
            cure="Restart it (kubectl rollout restart) so that all run the same, then ask again.",
        )
    return f"{_untagged(asked)}@{digests.pop()}" if digests else asked


def _digest(pod: Json, container: str) -> str:
    for one in (pod.get("status") or {}).get("containerStatuses") or []:
        if one.get("name") == container and (found := BY_DIGEST.match(str(one.get("imageID", "")))):
            return found["digest"]
    return ""


def _untagged(name: str) -> str:
    path, slash, last = name.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"
