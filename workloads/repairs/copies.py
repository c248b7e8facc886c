"""The same repair made to another copy of an object: the file that declares it, without what the server fills in. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from controlplane.core.errors import Conflict, Refused
from workloads.repairs.edits import ABSENT, Edit, applied, contained, differences, value_at
from workloads.repairs.kinds import wanted
from workloads.repairs.putting import bare, is_secret
from workloads.repairs.values import Json, Repair


def carried_over(repair: Repair, live: Json, declared: Json) -> Json | None:
    """The declaration as it becomes by what the repair changes in the live object; None: it goes.

    Raises Conflict where the declaration is not as the repair presumes of the object or says already what it would make, Refused
    where a secret's value would be written down, and what `wanted` raises.
    """
    then = wanted(repair, live)
    if then is None:
        return None
    edits = list(differences(bare(live), bare(then)))
    if secret := [edit.where for edit in edits if is_secret(edit)]:
        raise Refused(
            f"{repair.ref.title}: {', '.join(secret[:5])} may hold a secret, which is never committed.",
            cure="Set it as a variable of the environment, then deploy.",
        )
    made = applied(declared, _fitted(repair, edits, declared))
    if made == declared:
        raise Conflict(
            f"The declaration of {repair.ref.title} says already what this repair would write: the cluster is not as declared.",
            cure="Sync it again, or let the syncing side heal what others change.",
        )
    return made


def _fitted(repair: Repair, edits: list[Edit], declared: Json) -> Iterator[Edit]:
    """The edits as this copy needs them: what it leaves to the server is set, what it says already stays."""
    for edit in edits:
        found = value_at(declared, edit.path)
        if found == edit.to or (found is ABSENT and edit.to is ABSENT):
            continue
        if found is not ABSENT and not contained(edit.was, found) and not contained(found, edit.was):
            raise Conflict(
                f"{repair.ref.title}: {edit.where} is declared otherwise than it is in the cluster.",
                cure="Sync it again, then diagnose again.",
            )
        yield Edit(edit.path, found, edit.to, edit.at)
