"""The runs list, a run with its graph and its story, its log; cancel and retry."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from agents.models import Run, RunEvent
from agents.readings.looked import specialist_of
from controlplane.core.actors import Actor
from controlplane.core.permissions import Verb
from controlplane.core.rights import may
from controlplane.dashboard import door, places
from controlplane.dashboard.drawing import ansi
from controlplane.dashboard.paging import number
from controlplane.dashboard.reads import readings, runs
from controlplane.dashboard.reads.run_list import SINCE, Asked, listed
from controlplane.dashboard.shapes import SHAPES, title_of
from workloads import admission, deliveries, phrases
from workloads.models import Sighting

STORY = 400
PAGE = 5000
LEVELS = {"warning": ("warning", "error"), "error": ("error",)}


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Runs, newest first; with `?q=`, those that said these words, each with its best line."""
    environment, asked = places.environment(request, actor), Asked.of(request)
    found = listed(request, environment.filter(runs.visible(actor), "environment"), asked, timezone.now())
    context = {"found": found, "page": found.page, "wanted": asked, "environment": environment}
    context |= {"states": Run.Status.values, "workflows": list(SHAPES), "times": SINCE}
    template = "runs/_rows.html" if door.is_htmx(request) else "runs/list.html"
    return render(request, template, context, status=found.error.status if found.error else 200)


def show(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """One run: graph, chosen node, story."""
    run = runs.one(actor, run_id)
    context = _state(request, actor, run)
    lines = runs.events_after(run, max(run.last_event - STORY, 0), limit=STORY)
    context |= {
        "events": lines,
        "after": lines[-1].number if lines else run.last_event,
        "shown_from": lines[0].number if lines else 0,
    }
    return render(request, "runs/page.html", context)


def state(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """The part of a run's page that changes: heading, graph, chosen node."""
    run = runs.one(actor, run_id)
    return render(request, "runs/_state.html", _state(request, actor, run))


def events(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """The lines of the story after `?after=n`, to be put below those already shown."""
    run = runs.one(actor, run_id)
    after = number(request.GET.get("after", "")) or 0
    lines = runs.events_after(run, after, limit=STORY)
    context = {"run": run, "events": lines, "after": lines[-1].number if lines else after}
    return render(request, "runs/_events.html", context)


def log(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """The whole log of a run, filtered by node and level; plain pages without JavaScript."""
    run = runs.one(actor, run_id)
    node, level = request.GET.get("node", "")[:60], request.GET.get("level", "")
    after = number(request.GET.get("after", "")) or 0
    lines = runs.events_after(run, after, node=node, levels=LEVELS.get(level, ()))
    nodes = list(dict.fromkeys(step.node for step in runs.attempts(run)))
    query = request.GET.copy()
    query["after"] = str(lines[-1].number if lines else after)
    context = {"run": run, "events": lines, "nodes": nodes, "node": node, "level": level, "next_url": f"?{query.urlencode()}"}
    context["more"] = len(lines) == runs.LINES
    return render(request, "runs/log.html", context)


def lines(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """Lines of the log as JSON for the log view, a page at a time."""
    run = runs.one(actor, run_id)
    level = request.GET.get("level", "")
    after, node = number(request.GET.get("after", "")) or 0, request.GET.get("node", "")[:60]
    found = runs.events_after(run, after, node=node, levels=LEVELS.get(level, ()), limit=PAGE)
    return JsonResponse({"lines": [_line(event) for event in found], "ended": run.finished_at is not None})


def cancel(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """Ask the run to stop."""
    from agents import runs as engine

    run = runs.one(actor, run_id)
    engine.cancel(actor, run)
    return door.go(request, reverse("run", kwargs={"run_id": run.pk}))


def retry(request: HttpRequest, actor: Actor, run_id: int) -> HttpResponse:
    """Run again what failed."""
    from agents import runs as engine

    again = engine.retry(actor, runs.one(actor, run_id))
    return door.go(request, reverse("run", kwargs={"run_id": (again or runs.one(actor, run_id)).pk}))


def _state(request: HttpRequest, actor: Actor, run: Run) -> dict[str, object]:
    steps = runs.attempts(run)
    picture = runs.picture(run, steps, request.GET.get("node", ""))
    chosen = next((node for node in picture.nodes if node.selected), None)
    seen_here = Sighting.objects.filter(run_number=run.pk).select_related("finding") if chosen else Sighting.objects.none()
    looked = specialist_of(chosen.name) if chosen else None
    reading = readings.of_run(run)
    return {
        "reading": reading,
        "awaited": readings.awaited([reading]) or readings.any_awaited(run),
        "thought": readings.of_step(chosen.step if chosen else None),
        "run": run,
        "asked_node": request.GET.get("node", "")[:60],
        "picture": picture,
        "chosen": chosen,
        "earlier": [step for step in steps if chosen and step.node == chosen.name and chosen.step and step.pk != chosen.step.pk],
        "sightings": seen_here.filter(finding__tool__in=looked.reports).order_by("-new", "finding__path")[:200] if looked else [],
        "usual": runs.usual_length(run, timezone.now()) if run.finished_at is None else None,
        "may_run": may(actor, Verb.RUN, run.environment.scopes),
        "ended": run.status in Run.ENDED,
        "sees_delivery": _sees_delivery(actor, run),
        "kept": _kept(run),
    }


def _sees_delivery(actor: Actor, run: Run) -> bool:
    """Whether a webhook asked for it, whose delivery is still kept and for this person to see."""
    number = run.input.get("delivery")
    return isinstance(number, int) and deliveries.visible(actor).filter(pk=number).exists()


def _kept(run: Run) -> str:
    """What keeps the approved change that the run waits for, if its environment does."""
    found = admission.keeping(run.waiting_for, timezone.now()) if run.state == "scheduled" and run.waiting_for else None
    return phrases.kept(found) if found else ""


def _line(event: RunEvent) -> dict[str, object]:
    return {
        "n": event.number,
        "at": date_format(event.at, "H:i:s"),
        "level": event.level,
        "node": title_of(event.node) if event.node else "",
        "html": str(ansi.coloured(event.text)),
        "text": ansi.plain(event.text).lower(),
    }
