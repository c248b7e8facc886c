"""Writing a repair: once, under its fence, to the object that was seen, with what stood before kept first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from controlplane.core.errors import Conflict
from workloads import formers
from workloads.adapters.kubernetes.failures import Clash
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers import Order
from workloads.drivers.kubernetes import drifting, parts
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.repairing import completing, looking, trying
from workloads.drivers.kubernetes.repairing.marks import Mark, demand_newest, read, signed
from workloads.drivers.kubernetes.repairing.trying import Tried
from workloads.repairs import KINDS, Ref

AGAIN = "Ask for it again: the new proposal shows what would be done now."
WROTE, FOUND = "written", "found as an earlier try left it"


def write(job: Errand, order: Order) -> str:
    """Do it, and say whether this call did. Called again it finds what the first call did, and does what that left.

    Raises Conflict where the object is not as it was shown, LeaseLost where a newer worker wrote, Refused for a missing right.
    """
    mark = Mark(job.environment.pk, job.environment.fence, order.change, parts.mark(job.key, order.repair.as_json()))
    order = replace(order, repair=completing.completed(job, order.repair))
    done: list[str] = []

    def attempt() -> Json:
        done[:] = [_attempt(job, order, mark)]
        return {}

    job.pen.persist(attempt, order.repair.ref.title)
    return done[0]


def _attempt(job: Errand, order: Order, mark: Mark) -> str:
    """Look, and write what is left to be written."""
    repair, ref = order.repair, order.repair.ref
    live, former = looking.live(job, ref), formers.of(order.action)
    found = read(live)
    if found is not None and (found.change, found.step) == (mark.change, mark.step):
        return FOUND
    demand_newest(job, live)
    kind = KINDS[repair.kind]
    if former is not None and former.manifest is not None and _is_gone(live, former.manifest):
        if not kind.recreates:
            return FOUND if order.shown.removals else _moved(order)
        _make(job, mark, trying.rebased(repair, former.manifest))
        return WROTE
    tried = trying.tried(job, repair, live)
    if not trying.same(tried, order.shown):
        return _moved(order)
    formers.keep(order.action, live, written(tried))
    _do(job, order, mark, tried)
    return WROTE


def _do(job: Errand, order: Order, mark: Mark, tried: Tried) -> None:
    ref, kind = order.repair.ref, looking.kind_of(order.repair.ref.kind)
    if tried.live is None:
        _make(job, mark, tried)
        return
    if tried.wanted is None or KINDS[order.repair.kind].recreates:
        uid = str(tried.live["metadata"].get("uid", ""))
        job.patient.ask(lambda client: client.delete(kind, ref.name, ref.namespace, uid=uid))
        if tried.wanted is not None:
            job.pen.gone(tried.live)
            _make(job, mark, tried)
        return
    change = trying.merge_patch(tried.live, signed(mark, tried.wanted))
    change.setdefault("metadata", {})["resourceVersion"] = tried.live["metadata"]["resourceVersion"]
    job.patient.client.patch(kind, ref.name, ref.namespace, change, manager=mark.manager)


def _make(job: Errand, mark: Mark, tried: Tried) -> None:
    """Create it. Where it is there already, the next attempt sees whose it is."""
    assert tried.wanted is not None
    metadata = {name: value for name, value in tried.wanted["metadata"].items() if name not in SERVERS}
    item = signed(mark, {name: value for name, value in tried.wanted.items() if name != "status"} | {"metadata": metadata})
    try:
        job.patient.client.create(item)
    except Clash as error:
        if error.reason == "AlreadyExists" and read(looking.live(job, ref_of(item))) is None:
            raise Conflict(f"Somebody else made {parts.title(item)} meanwhile.", cure=AGAIN) from error
        raise


def ref_of(item: Json) -> Ref:
    """What names it."""
    return Ref(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", ""))


SERVERS = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink", "deletionTimestamp")


def _is_gone(live: Json | None, former: Json) -> bool:
    """Whether the object that stood before is away, or another one has its name."""
    return live is None or live["metadata"].get("uid") != former["metadata"].get("uid")


def written(tried: Tried) -> Sequence[Sequence[object]]:
    """Each field that becomes otherwise, with a digest of what it becomes."""
    if tried.live is None or tried.then is None:
        return []
    fields = drifting.between(tried.live, tried.then)
    return [[list(one.path), drifting.digest(one.after)] for one in fields]


def _moved(order: Order) -> str:
    raise Conflict(f"{order.repair.ref.title} is not any more as it was when this was shown.", cure=AGAIN)
