"""Changing what makes vectors, while searches go on: the new model learns every passage beside the active one, then takes over.

    add -> building, by many calls of `build` under a lease -> active, and the former retired -> dropped after a day

A search asks the active model and looks at its vectors only. Documents that come in meanwhile are embedded with both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from controlplane.core import audit, live, outward, queue
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, LeaseLost, TimonelError
from knowledge import indexing
from knowledge.embeddings import embedder_of, index
from knowledge.models import EmbeddingModel, Passage, Vector

LEASE = timedelta(minutes=5)  # more than a batch of a slow endpoint takes
RETRY_AFTER = timedelta(minutes=1)
KEPT = timedelta(days=1)
AT_ONCE = 2_048  # passages that one call embeds
ROWS = 10_000  # vectors that one statement deletes
TASK = "agents.build_embeddings"
Kind, Status = EmbeddingModel.Kind, EmbeddingModel.Status


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model to change to."""

    name: str
    kind: str
    dimension: int
    address: str = ""
    key: str = ""
    private: bool = False


def add(actor: Actor, wanted: Wanted) -> EmbeddingModel:
    """Begin the change to this model. It is asked for a vector first, so that what cannot work does not begin."""
    model = EmbeddingModel(**_values(wanted))
    embedder_of(model).embed(["pod crash looping"])
    with transaction.atomic():
        if EmbeddingModel.objects.select_for_update().filter(status=Status.BUILDING).exists():
            raise Conflict("Another model is being built.", cure="Wait until it is active, or drop it.")
        try:
            with transaction.atomic():
                model.save(force_insert=True)
        except IntegrityError as error:
            raise Invalid(f"There is a model {wanted.name} already.", cure="Drop it first, or give another name.") from error
        after = {"kind": model.kind, "dimension": model.dimension, "address": model.address, "key": bool(wanted.key)}
        audit.record(actor, "embedding_model.add", model, after=after)
        queue.enqueue(TASK, model.pk)
    return model


def lacking(model: EmbeddingModel) -> tuple[int, int]:
    """How many passages it does not know yet, and how many there are."""
    return indexing.lacking(model).count(), Passage.objects.count()


def waiting() -> QuerySet[EmbeddingModel]:
    """The models that are being built and that nobody builds just now."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now())
    return EmbeddingModel.objects.filter(free, status=Status.BUILDING)


def build(actor: Actor, model_id: int) -> bool:
    """Embed some of what this model lacks; when it lacks nothing, make it the active one. Whether there is more to do at once.

    Somebody else's or another state: nothing. A model that does not answer is asked again in a minute, and why is kept.
    """
    if not waiting().filter(pk=model_id).update(claimed_until=Now() + LEASE):
        return False
    model = EmbeddingModel.objects.get(pk=model_id)
    try:
        more = _some(actor, model)
    except LeaseLost:
        return False
    except TimonelError as error:
        _mine(model).update(problem=str(error), claimed_until=Now() + RETRY_AFTER)
        live.ring("knowledge", model=model.pk)
        return False
    _mine(model).update(problem="", claimed_until=None)
    live.ring("knowledge", model=model.pk)
    return more


def retire_old(actor: Actor) -> int:
    """Drop what was retired a day ago; return how many models."""
    old = EmbeddingModel.objects.filter(status=Status.RETIRED, retired_at__lt=timezone.now() - KEPT)
    for model in old:
        drop(actor, model)
    return len(old)


def drop(actor: Actor, model: EmbeddingModel) -> None:
    """Forget a model that is not active, with its vectors and its index. Raises Conflict for the active one."""
    with transaction.atomic():
        if not EmbeddingModel.objects.move(model.pk, [Status.BUILDING, Status.RETIRED], Status.RETIRED, retired_at=Now()):
            raise Conflict(f"{model.name} answers the searches.", cure="Add another model; this one is retired when that is ready.")
    index.drop(model)
    while _delete_some(model):
        pass
    with transaction.atomic():
        number = model.pk
        audit.record(actor, "embedding_model.drop", model, before={"kind": model.kind, "dimension": model.dimension})
        EmbeddingModel.objects.filter(pk=number, status=Status.RETIRED).delete()


def _values(wanted: Wanted) -> dict[str, Any]:
    if wanted.kind not in Kind.values:
        raise Invalid(f"There is no kind {wanted.kind} of model.", cure=f"Kinds are: {', '.join(Kind.values)}.")
    if not 1 <= len(wanted.name) <= 100:
        raise Invalid("The name of a model has 1 to 100 characters.", cure="Give the name that its endpoint knows.")
    if not 1 <= wanted.dimension <= 2_000:
        raise Invalid("A vector that can be searched has 1 to 2000 dimensions.", cure="Choose a smaller model.")
    if wanted.kind == Kind.ENDPOINT:
        outward.check(wanted.address, private=wanted.private)
    values = {"kind": wanted.kind, "dimension": wanted.dimension, "address": wanted.address, "private": wanted.private}
    return {**values, "name": wanted.name, "key": wanted.key or None}


def _some(actor: Actor, model: EmbeddingModel) -> bool:
    index.make(model)  # while it is empty: that takes no time, however many passages there are
    if indexing.embed(model, each=lambda: _hold(model), most=AT_ONCE) == AT_ONCE:
        return True
    _hold(model)
    return not _take_over(actor, model)


def _take_over(actor: Actor, model: EmbeddingModel) -> bool:
    """Make it the active one, if it lacks nothing: the former is retired in the same moment."""
    with transaction.atomic():
        former = EmbeddingModel.objects.select_for_update().filter(status=Status.ACTIVE).first()
        if indexing.lacking(model).exists():
            return False
        if former is not None:
            EmbeddingModel.objects.move(former.pk, Status.ACTIVE, Status.RETIRED, retired_at=Now())
        if not EmbeddingModel.objects.move(model.pk, Status.BUILDING, Status.ACTIVE, problem="", claimed_until=None):
            raise LeaseLost("The model is not being built any more.")
        before = {"active": former.name} if former is not None else {}
        audit.record(actor, "embedding_model.activate", model, before=before, after={"active": model.name})
    return True


def _mine(model: EmbeddingModel) -> QuerySet[EmbeddingModel]:
    return EmbeddingModel.objects.filter(pk=model.pk, status=Status.BUILDING)


def _hold(model: EmbeddingModel) -> None:
    """Renew the lease; a model that was dropped meanwhile is built no further."""
    if not _mine(model).update(claimed_until=Now() + LEASE):
        raise LeaseLost("The model is not being built any more.")


def _delete_some(model: EmbeddingModel) -> int:
    some = Vector.objects.filter(model=model).values_list("passage_id", flat=True)[:ROWS]
    return Vector.objects.filter(model=model, passage_id__in=list(some))._raw_delete("default")
