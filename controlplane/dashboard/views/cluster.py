"""An environment on its cluster: what stands there now, one pod, the logs of many."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, TimonelError
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand
from controlplane.dashboard import door
from controlplane.dashboard.drawing import ansi
from controlplane.dashboard.reads import cluster, environments
from workloads import clusters, drift, pictures, tails
from workloads.models import Environment
from workloads.tails import Asked, Line, Told
from workloads.topology.picture import Picture

SINCE = (0, 300, 3_600, 86_400)
HUES = 8
LINES = (100, 200, 1_000, 5_000)
LEVEL = re.compile(r"\b(?:(?P<error>ERROR|CRITICAL|FATAL|Traceback)|(?P<warning>WARN(?:ING)?))\b")
PLAIN_LINES = 1_000


def now(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """What stands on the cluster: the fragment of the environment's page, or a page of its own."""
    environment = environments.one(actor, environment_id)
    target = pictures.target_of(environment)
    context = cluster.seen(environment, target, every_pod=request.GET.get("pods") == "all")
    return render(request, "clusters/_now.html" if door.is_htmx(request) else "clusters/now.html", context)


def mend(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """Propose the change that makes what drifted as it was applied, and go to its page."""
    environment = environments.one(actor, environment_id)
    found = drift.standing(environment)
    try:
        demand(actor, Verb.RUN, environment.scopes, str(environment))
        if found is None or str(found.pk) != request.POST.get("drift", str(found.pk)):
            raise Conflict(_("What is shown here is over, or has become something else."), cure=_("Look at the page again."))
        change = drift.propose_restore(actor, found)
    except TimonelError as error:
        if not door.is_htmx(request):
            raise
        context = {"environment": environment, "error": error, "may_mend": True, **cluster.written(environment)}
        return render(request, "environments/_drift.html", context, status=error.status)
    return door.go(request, reverse("change", kwargs={"change_id": change.pk}))


def pod(request: HttpRequest, actor: Actor, environment_id: int, pod: str) -> HttpResponse:
    """One pod: its containers, conditions and warnings."""
    environment = environments.one(actor, environment_id)
    context = cluster.pod(environment, pictures.target_of(environment), pod[:253])
    return render(request, "clusters/_pod.html" if door.is_htmx(request) else "clusters/pod.html", context)


def log(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The logs of a release's pods together; without JavaScript the last lines."""
    environment = environments.one(actor, environment_id)
    target = pictures.target_of(environment)
    asked, seen = _asked(request), pictures.look(environment, target)
    picture = seen.picture or Picture()
    told, error = _told(environment, picture, asked, "") if seen.picture else (None, None)
    context = {"environment": environment, "target": target, "seen": seen, "wanted": asked, "told": told, "error": error}
    legend = _legend(told)
    hues = {pod: hue for pod, _, hue in legend}
    lines = [(_shown(line), hues[line.stream.pod]) for line in told.lines[-PLAIN_LINES:]] if told else []
    context |= _choices(picture, asked) | {"lines": lines, "legend": legend}
    return render(request, "clusters/log.html", context)


def lines(request: HttpRequest, actor: Actor, environment_id: int) -> HttpResponse:
    """The lines after `?after=`, a cursor of an earlier answer, as JSON for the log view."""
    environment = environments.one(actor, environment_id)
    seen = pictures.look(environment, pictures.target_of(environment))
    told, error = _told(environment, seen.picture or Picture(), _asked(request), request.GET.get("after", ""))
    if told is None:
        return JsonResponse({"lines": [], "cursor": request.GET.get("after", ""), "trouble": error.message if error else ""})
    trouble = seen.trouble or " ".join(told.troubles[:3])
    return JsonResponse({"lines": [_shown(line) for line in told.lines], "cursor": told.cursor, "trouble": trouble})


def _told(environment: Environment, picture: Picture, asked: Asked, after: str) -> tuple[Told | None, TimonelError | None]:
    target = pictures.target_of(environment)
    said = pictures.veil(pictures.secrets_of(environment))
    try:
        client = clusters.reader(target.cluster)
        return tails.read(client, target.namespace, picture, asked, said, after=after), None
    except TimonelError as error:
        return None, error


def _asked(request: HttpRequest) -> Asked:
    """What the address asks for; what it cannot mean is left out."""
    given: Callable[[str], str] = lambda name: request.GET.get(name, "")[:300]  # noqa: E731
    return Asked(
        workload=given("workload"),
        pod=given("pod"),
        container=given("container"),
        previous=bool(given("previous")),
        lines=_one_of(LINES, given("lines"), 200),
        seconds=_one_of(SINCE, given("since"), 0),
    )


def _one_of(offered: tuple[int, ...], text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 and int(text) in offered else otherwise


def _legend(told: Told | None) -> list[tuple[str, str, int]]:
    """Each pod with its short name and its colour; one that comes later gets the next one."""
    pods = sorted({(one.pod, one.short) for one in told.streams}) if told else []
    return [(pod, short, index % HUES + 1) for index, (pod, short) in enumerate(pods)]


def _choices(picture: Picture, asked: Asked) -> dict[str, Any]:
    pods = [one for one in picture.pods if not asked.workload or one.workload == asked.workload]
    containers = dict.fromkeys(one.name for pod in pods for one in pod.containers)
    workloads = dict.fromkeys(one.workload for one in picture.pods if one.workload)
    return {"workloads": sorted(workloads), "pods": sorted(one.name for one in pods)[:500], "containers": list(containers)} | {
        "spans": SINCE,
        "line_counts": LINES,
    }


def _shown(line: Line) -> dict[str, Any]:
    found = LEVEL.search(line.text)
    text = ansi.plain(line.text)
    return {
        "at": timezone.localtime(datetime.fromisoformat(f"{line.at[:26]}+00:00")).strftime("%H:%M:%S") if line.at else "",
        "pod": line.stream.pod,
        "short": line.stream.short,
        "container": line.stream.container,
        "level": found.lastgroup if found else "",
        "html": str(ansi.coloured(line.text)),
        "text": text.lower(),
    }
