"""A repair where a repository says what runs: the file that declares the object is edited, by a commit or a pull request.

What no file declares (pods, nodes, what others made) is repaired as on any cluster.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from controlplane.core.connections import give_back
from controlplane.core.errors import Conflict, Invalid, OutsideError, Refused
from workloads import formers, repairs
from workloads.adapters import pull_requests
from workloads.adapters.commits import Planned
from workloads.adapters.kubernetes.kinds import Json
from workloads.drivers import Order, Outcome
from workloads.drivers.gitops import committing, foreseeing, reviewing
from workloads.drivers.gitops.committing import Home
from workloads.drivers.gitops.syncing import Sync
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.repairing import allowed, lasting, looking, trying, writing
from workloads.drivers.kubernetes.repairing.trying import Tried
from workloads.foreseen import FILE, Difference, Foreseen, same_effect
from workloads.manifests import text
from workloads.models import Change, Target
from workloads.repairs import KINDS, Ref, Repair
from workloads.verdicts import Verdict

BY_REQUEST = "by a pull request"
OTHERS = {"annotations": ("argocd.argoproj.io/tracking-id",), "labels": ("kustomize.toolkit.fluxcd.io/name",)}
SHORTEST = 5.0  # seconds for the cluster, however long the sync took


@dataclass(frozen=True, slots=True)
class Edited:
    """The folder with the file that declares the object, before and after, and what the cluster makes of the same change."""

    name: str
    files: Mapping[str, str]
    after: str
    tree: str
    tried: Tried
    untried: str = ""  # why the cluster was not asked

    @property
    def before(self) -> str:
        """The file as it is."""
        return self.files[self.name]


def foresee(job: Errand, home: Home, repair: Repair, *, follows: bool, reviewed: bool) -> Foreseen:
    """The file as it would become, tried on the cluster where that is allowed; or what would be written there itself.

    Raises Refused for what no commit can do, Conflict where file and cluster are not as presumed.
    """
    looking.demand_ours(job, repair.ref)
    foreseeing.demand(job, home)
    if not declares(home, repair):
        return _beside(job, home, repair, follows=follows, reviewed=reviewed)
    allowed.demand_sight(job, repair)
    edited = _edited(job, home, repair, follows=follows)
    notes = [edited.untried] if edited.untried else []
    notes += ["It follows on the action before it, and is planned again once that is done."] if follows else []
    notes += [f"The next roll-out commits what the release says again. {lasting.where(repair.kind)}", *foreseeing.notes(job, home)]
    reviewed = _reviewed(home, reviewed=reviewed)
    return Foreseen(
        where=_where(home, reviewed=reviewed),
        strategy=trying.STRATEGY,
        steps=_steps(home, repair, reviewed=reviewed),
        differences=(_difference(home, edited),),
        notes=tuple(notes),
    )


def carry_out(job: Errand, home: Home, order: Order) -> Outcome:
    """Commit it once, or open its pull request; found again by its key. Nothing is waited for here.

    Raises Conflict where the file or the object is not as it was shown.
    """
    if not in_a_file(order.shown):
        done = writing.write(job, order)
        return Outcome(Verdict.NOT_EVALUATED, f"{order.repair.ref.title} was {done}.", True)
    home.repository.fetch(committing.deadline())
    key = key_of(order)
    if _reviewed(home, reviewed=order.reviewed):
        branch = branch_of(order)
        if home.repository.find(key) is None and home.repository.find(key, branch) is None:
            home.repository.commit(_planned(job, home, order, key), committing.deadline(), branch)
        request = reviewing.request(home, branch, _words(job, order))
        told = f"{request.called} is open: nothing changes until a person merges it."
        return Outcome(Verdict.NOT_EVALUATED, told, True)
    made = home.repository.find(key) or home.repository.commit(_planned(job, home, order, key), committing.deadline())
    return Outcome(Verdict.NOT_EVALUATED, f"{made.sha[:12]} in {home.row.branch} says {order.repair.ref.title} as shown.", True)


def watch(job: Errand, home: Home, order: Order, seconds: float, look: Callable[[float], Outcome]) -> Outcome:
    """Wait until it is in the cluster, then `look` there for what is left of the time.

    NOT_EVALUATED while a pull request waits for a person, or repository or forge do not answer: look again later.
    """
    if not in_a_file(order.shown):
        return look(seconds)
    began = time.monotonic()
    try:
        home.repository.fetch(committing.deadline())
        unmerged = _unmerged(home, order)
    except OutsideError as error:  # of a repository or a forge that is away for a moment nothing is concluded
        return Outcome(Verdict.NOT_EVALUATED, f"It cannot be looked at yet: {error.message}", True, cure=error.cure)
    if unmerged is not None:
        return unmerged
    head = home.repository.head()
    tree = home.repository.tree(head)
    give_back()
    synced = Sync(job, home, tree, head, (), overtaking=True, applied_only=True, at_most=seconds).run()
    outcome = look(max(SHORTEST, seconds - (time.monotonic() - began)))
    outcome = replace(outcome, evidence=(*synced.evidence, *outcome.evidence))
    if synced.ok or outcome.verdict is Verdict.PASSED:
        return outcome
    return replace(outcome, summary=f"{synced.why}. {outcome.summary}", cure=synced.cure or outcome.cure)


def in_a_file(shown: Foreseen) -> bool:
    """Whether what was shown is a file of the repository."""
    return any(one.kind == FILE for one in shown.differences)


def key_of(order: Order) -> str:
    """What the commit of this step is found again by."""
    return f"change-{order.change}-action-{order.action}"


def branch_of(order: Order) -> str:
    """The branch of a pull request: one for all of a Change."""
    return reviewing.branch_of(f"change-{order.change}")


def declares(home: Home, repair: Repair) -> bool:
    """Whether a commit is the way: a file declares the object, and it is not missing from the cluster alone."""
    home.repository.fetch(committing.deadline())
    files = home.repository.files(home.repository.head())
    return _declaration(files, repair.ref) is not None and not KINDS[repair.kind].creates


def _beside(job: Errand, home: Home, repair: Repair, *, follows: bool, reviewed: bool) -> Foreseen:
    """What is written to the cluster itself."""
    title, place = repair.ref.title, f"{home.row.repository} {home.row.path}"
    if reviewed:
        raise Refused(f"No file of {place} would change by this repair of {title}.", cure="Propose the repair itself.")
    metadata = (looking.live(job, repair.ref) or {}).get("metadata") or {}
    if any(name in (metadata.get(part) or {}) for part, names in OTHERS.items() for name in names):
        raise Refused(f"{title} is synced from somewhere else than {place}.", cure="Repair it there.")
    found = trying.foresee(job, repair, follows=follows)
    return replace(found, notes=(*found.notes, f"It is written to the cluster itself: no file of {place} would change by it."))


def _edited(job: Errand, home: Home, repair: Repair, *, follows: bool = False, branch: str = "") -> Edited:
    """`branch`: on top of what an action before it put there."""
    head = home.repository.head(branch) or home.repository.head()
    files = home.repository.files(head)
    found = _declaration(files, repair.ref)
    if found is None:
        raise Conflict(f"No file of {home.row.path} declares {repair.ref.title} any more.", cure="Diagnose again.")
    name, declared = found
    if KINDS[repair.kind].recreates:
        raise Refused(
            f"{repair.ref.title} would have to be deleted and made anew, which no commit says.",
            cure="Deploy a release in which it has another name.",
        )
    live = looking.live(job, repair.ref)
    if live is None:
        raise Conflict(f"{repair.ref.title} is not in the cluster any more.", cure="Diagnose again.")
    made = repairs.carried_over(repair, live, declared)
    if made is None:
        raise Refused(f"{home.row.path}/{name} declares {repair.ref.title}: it would come back.", cure="Remove it there.")
    lacking = allowed.unwritten(job, repair)
    if lacking:
        wanted = repairs.wanted(repair, live)
        tried = Tried(live, wanted, wanted)
    else:
        tried = trying.tried(job, repair, live, follows=follows)
    untried = f"The cluster was not asked to try it: the identity that writes may not {', '.join(lacking)}." if lacking else ""
    return Edited(name, files, text.document(made), home.repository.tree(head), tried, untried)


def _declaration(files: Mapping[str, str], ref: Ref) -> tuple[str, Json] | None:
    """The file that declares an object, and what it says. Raises Refused where it declares others beside it."""
    for name, content in files.items():
        if not name.endswith((".yaml", ".yml")):
            continue
        try:
            items = text.read(content)
        except Invalid as error:
            raise Invalid(f"{name} is not read: {error.message}", cure=error.cure) from error
        item = next((item for item in items if ref.of(item)), None)
        if item is not None and len(items) > 1:
            raise Refused(f"{name} declares more than {ref.title}, so it is not of Timonel.", cure="Mend it there.")
        if item is not None:
            return name, item
    return None


def _planned(job: Errand, home: Home, order: Order, key: str) -> Planned:
    """The commit, if it still is what was shown; what stands before is kept first."""
    reviewed = _reviewed(home, reviewed=order.reviewed)
    edited = _edited(job, home, order.repair, branch=branch_of(order) if reviewed else "")
    shown = Foreseen(_where(home, reviewed=reviewed), differences=(_difference(home, edited),))
    if not same_effect(shown, order.shown):
        raise Conflict(f"{order.repair.ref.title} is not any more as it was when this was shown.", cure=writing.AGAIN)
    formers.keep(order.action, edited.tried.live, writing.written(edited.tried))
    at = Change.objects.get(pk=order.change).created_at
    return Planned(_words(job, order), key, at, {**edited.files, edited.name: edited.after}, base=edited.tree)


def _words(job: Errand, order: Order) -> str:
    environment, repair = job.environment, order.repair
    subject = f"Repair {repair.ref.title} of {environment.application.name} in {environment.name}"
    return committing.message(subject, f"{KINDS[repair.kind].label}: {' '.join(repair.summary.split())}", environment)


def _unmerged(home: Home, order: Order) -> Outcome | None:
    """How what was shown is on its way to the branch; None once it is there."""
    shown = next(one for one in order.shown.differences if one.kind == FILE)
    now = home.repository.files(home.repository.head()).get(shown.name.removeprefix(f"{home.row.path}/"), "")
    if hashlib.sha256(now.encode()).hexdigest() == shown.digest:
        return None
    key = key_of(order)
    if not _reviewed(home, reviewed=order.reviewed) or home.repository.find(key) is not None:
        return _failed(f"{shown.name} is not any more as this change committed it.", "Look at the branch: somebody changed it.")
    request = pull_requests.find(reviewing.door_of(home.row), branch_of(order))
    if request is None:
        return _failed("There is no pull request any more.", writing.AGAIN)
    if request.closed:
        return _failed(f"{request.called} was closed without being merged.", "Choose another repair.")
    if request.merged:
        return _failed(f"What was merged by {request.called} is not what was shown.", "Look at the branch: somebody changed it.")
    return Outcome(Verdict.NOT_EVALUATED, f"{request.called} waits for a person to merge it.", True, cure="Review and merge it.")


def _failed(why: str, cure: str) -> Outcome:
    return Outcome(Verdict.FAILED, why, True, cure=cure)


def _difference(home: Home, edited: Edited) -> Difference:
    return foreseeing.difference(home, edited.name, "change", edited.before, edited.after)


def _reviewed(home: Home, *, reviewed: bool) -> bool:
    """Whether a pull request is opened: asked for, or always here. Raises Invalid where no forge is set."""
    if reviewed or home.row.target.mode == Target.Mode.PULL_REQUEST:
        reviewing.door_of(home.row)
        return True
    return False


def _where(home: Home, *, reviewed: bool) -> str:
    place = f"{home.row.repository} {home.row.branch} {home.row.path}"
    return f"{place}, {BY_REQUEST}" if reviewed else place


def _steps(home: Home, repair: Repair, *, reviewed: bool) -> tuple[str, ...]:
    first = (
        "A pull request is opened with the file as shown, and nothing happens until a person merges it."
        if reviewed
        else f"The file is committed to {home.row.branch} as shown, if the folder still is what it was then."
    )
    return (
        first,
        f"{foreseeing.who(home)} syncs it; then the cluster is looked at until what was broken holds, or its time is over.",
        trying.way_back(repair),
    )
