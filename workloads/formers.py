"""What stood before a repair: kept sealed until the repair is taken back, and known again by whoever goes on after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workloads.models import Action, Former

Json = dict[str, Any]
Written = Sequence[Sequence[Any]]
SERVERS = ("managedFields", "selfLink")  # of no use for a way back, and large


def keep(action_id: int, before: Json | None, written: Written) -> None:
    """Keep it, just before it is written over. A later look at the same object replaces an earlier one."""
    content: Any = _bare(before)
    Former.objects.update_or_create(action_id=action_id, defaults={"manifest": content, "written": list(written)})


def of(action_id: int) -> Former | None:
    """What was kept, or None where nothing was about to be written yet."""
    return Former.objects.select_related("action__change").filter(action=action_id).first()


def standing(environment_id: int) -> list[Former]:
    """Those of repairs that were applied there and not taken back, newest first; each with its action and change."""
    done = Action.objects.filter(kind=Action.Kind.REPAIR, status=Action.Status.DONE, change__environment=environment_id)
    undone = set(done.filter(parameters__has_key="undoes").values_list("parameters__undoes", flat=True))
    rows = Former.objects.filter(action__in=done.exclude(parameters__has_key="undoes")).select_related("action__change")
    return list(rows.exclude(action__in=undone).order_by("-action__pk")[:MOST])


MOST = 200


def _bare(before: Json | None) -> Json | None:
    if before is None:
        return None
    metadata = {name: value for name, value in before["metadata"].items() if name not in SERVERS}
    return {name: value for name, value in before.items() if name != "status"} | {"metadata": metadata}
