"""The image of a container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from workloads.diagnosis.view.pods import Pod
from workloads.repairs.edits import Edit, applied
from workloads.repairs.kind import STRICT, WORKLOADS, Kind, Risk
from workloads.repairs.templates import carried, container_of, container_path
from workloads.repairs.values import Held, Json, Ref, Repair
from workloads.repairs.world import World
from workloads.unchecked import table, word

_NAME = r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._-]+)*"
_REFERENCE = rf"^{_NAME}(?::[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?$"
Image = Annotated[str, Field(min_length=1, max_length=500)]
Reference = Annotated[str, Field(min_length=1, max_length=500, pattern=_REFERENCE)]


@dataclass(frozen=True, slots=True)
class SetImage:
    """The image as it was, and as it shall be."""

    __pydantic_config__ = STRICT
    container: str
    was: Image
    to: Reference


def _change(_: Ref, parameters: SetImage, live: Json) -> Json:
    return applied(live, [Edit((*container_path(live, parameters.container), "image"), parameters.was, parameters.to)])


def _runs(repair: Repair, parameters: SetImage, world: World) -> Held:
    """The image is the one that runs: pulled and started in every pod."""

    def works(pod: Pod) -> bool:
        mine = (each for each in pod.containers if each.name == parameters.container)
        return any(table(each.status, "state", "running") and word(each.status, "imageID") and each.ready for each in mine)

    return carried(
        repair.ref,
        world,
        lambda spec: word(container_of(spec, parameters.container), "image") == parameters.to,
        f"the image {parameters.to}",
        works,
    )


SET_IMAGE = Kind("set_image", "Set an image", Risk.MEDIUM, SetImage, WORKLOADS, _change, _runs, ("Pod", "ReplicaSet"))
KINDS = (SET_IMAGE,)
