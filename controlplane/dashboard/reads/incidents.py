"""An incident as its page tells it: how it stands, what would mend it, what was decided, and what happened in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from agents import chronicle
from agents.models import Run, Step
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.rights import may
from controlplane.dashboard.reads import diagnoses, worlds
from controlplane.dashboard.reads.worlds import World
from controlplane.dashboard.shapes import title_of
from workloads import examinations, offers, postmortems, queries
from workloads.models import Change, Examination, Incident


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the story. `state` is a word of the vocabulary, of `kind`; `who` did it; `url` leads to more."""

    at: datetime
    title: str
    text: str = ""
    who: str = ""
    state: str = ""
    kind: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy as it is offered: `told` as the examination keeps it, what it would do, and its Change where it was proposed."""

    told: dict[str, Any]
    world: World | None
    proposed: Change | None = None


def story(actor: Actor, incident: Incident) -> list[Moment]:
    """What happened, the first thing first; of an incident that the actor may see."""
    return [
        Moment(one.at, _title(one), one.text, one.who, one.state, one.kind, url_of(one.page)) for one in chronicle.moments(incident)
    ]


def page_of(actor: Actor, incident: Incident) -> dict[str, Any]:
    """Everything on the page but its story: two looks at the rows of the newest round and its run."""
    examination, run = examinations.newest(incident), _run(incident)
    changes = _changes(incident)
    may_run, resolved = may(actor, Verb.RUN, incident.environment.scopes), incident.status == Incident.Status.RESOLVED
    at_work = run is not None and run.finished_at is None
    offered = list(_remedies(examination, changes))
    return {
        "examination": examination,
        "run": run,
        "at_work": at_work,
        "doing": _doing(run) if at_work else None,
        "waits": run.waiting_for if run is not None and run.state in {"waiting", "scheduled"} else None,
        "may_decide": _may_decide(actor, run),
        "changes": changes,
        "offered": offered,
        "reviewable": bool(offered) and offers.reviewable(incident.environment),
        "suspects": [{**one, "url": url_of(one.get("page", ""))} for one in examination.suspects] if examination else [],
        **_written(incident),
        **_looked(incident, examination),
        "may_run": may_run,
        "may_resolve": may_run and not resolved,
        "may_look": may_run and not resolved and not at_work,
    }


def with_waiting(incidents: Sequence[Incident], actor: Actor) -> list[Incident]:
    """Those of a list, each with the Change that waits for a decision in `waits` and whether it waits for me in `waits_for_me`."""
    runs = Run.objects.filter(pk__in=[one.response for one in incidents if one.response], status=Run.Status.WAITING)
    waiting = dict(runs.filter(waiting_for__status=Change.Status.WAITING).values_list("pk", "waiting_for"))
    mine = {item.change.pk for item in queries.inbox_for(actor) if item.may_decide} if waiting else set()
    for one in incidents:
        one.waits = waiting.get(one.response or 0)  # type: ignore[attr-defined]
        one.waits_for_me = one.waits in mine  # type: ignore[attr-defined]
    return list(incidents)


def url_of(page: str) -> str:
    """The address of a subject: `run-7`, `run-7?node=look`, `change-3`, `environment-2`; empty for none."""
    name, _, query = page.partition("?")
    what, _, number = name.rpartition("-")
    if what not in {"run", "change", "environment", "incident"} or not number.isdigit():
        return ""
    return reverse(what, args=[int(number)]) + (f"?{query}#node" if query else "")


def _written(incident: Incident) -> dict[str, Any]:
    """The post-mortem, and what its form begins with."""
    found = postmortems.newest(incident)
    return {"post_mortem": found, "typed": found.text if found else "", "seen": found.number if found else 0}


def _looked(incident: Incident, examination: Examination | None) -> dict[str, Any]:
    """The diagnosis, and what it came to in a word and a sentence, or why nobody could look."""
    found = (examination.diagnosis if examination else None) or diagnoses.of_incident(incident)
    word = (examination.standing if examination else "") or (found.verdict or found.status if found else "")
    said = (examination.summary if examination else "") or (found.summary or found.trouble if found else "")
    return {"diagnosis": found, "looked": word, "looked_said": said}


def _title(one: chronicle.Moment) -> str:
    if one.what == "deployment":
        return _("%(release)s was rolled out") % {"release": one.label}
    if one.what == "rollback":
        return _("Rolled back to %(release)s") % {"release": one.label}
    if one.what.startswith("step."):
        return title_of(one.what.removeprefix("step."))
    return _(one.words)


def _run(incident: Incident) -> Run | None:
    return Run.objects.select_related("waiting_for", "environment").filter(pk=incident.response or 0).first()


def _doing(run: Run | None) -> Step | None:
    """The step at which it is."""
    if run is None:
        return None
    return run.steps.filter(status__in=[Step.Status.RUNNING, Step.Status.WAITING]).defer("evidence").order_by("-pk").first()


def _may_decide(actor: Actor, run: Run | None) -> bool:
    """Whether what it waits for waits for this person."""
    if run is None or run.waiting_for is None or run.waiting_for.status != Change.Status.WAITING:
        return False
    return not queries.change_for(actor, run.waiting_for.pk).why_not["approve"]


def _changes(incident: Incident) -> list[Change]:
    """What was proposed for it, the newest first."""
    rows = Change.objects.filter(run_number__in=chronicle.runs_of(incident)).prefetch_related("approvals")
    return list(rows.defer("preview").order_by("-pk")[:20])


def _remedies(examination: Examination | None, changes: Iterable[Change]) -> Iterator[Remedy]:
    known = {change.pk: change for change in changes}
    for told in examination.remedies if examination else ():
        world = worlds.world({"world": told.get("world")})
        yield Remedy(told, world, known.get(told.get("change", 0)))
