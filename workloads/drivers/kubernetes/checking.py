"""Looking at the pages of a release in a cluster, through the API server's proxy to a Service."""

from __future__ import annotations

from workloads.adapters.kubernetes import proxied
from workloads.adapters.kubernetes.kinds import Json
from workloads.adapters.probes import Page
from workloads.drivers import checks
from workloads.drivers.checks import Checked
from workloads.drivers.kubernetes import disturbing, waiting
from workloads.drivers.kubernetes.errand import Errand
from workloads.drivers.kubernetes.parts import Parts
from workloads.models import Instance
from workloads.verdicts import Verdict

CHECK_SECONDS = 30.0


def check(errand: Errand, instance: Instance, made: Parts, service: Json | None) -> Checked:
    """Health and pages through this Service, once more where pods were taken away meanwhile.

    Where nothing can be asked over HTTP, ready pods must do.
    """
    if errand.rollout.checks == "pods" or service is None or not made.web:
        seen = waiting.standing_of(errand.patient, errand.namespace, made.web or made.workloads)
        if seen.failing or seen.ready == 0 < seen.total:
            return Checked(Verdict.FAILED, f"{seen.ready} of {seen.total} pods are ready.", "Read the pods' states.")
        return Checked(Verdict.PASSED, f"{seen.ready} of {seen.total} pods are ready; they are not asked over HTTP.")
    watch = disturbing.watch(errand, made.web)
    checked = _asked(errand, instance, made, service)
    disturbed = watch.disturbed() if checked.verdict is Verdict.FAILED else ""
    if not disturbed:
        return checked
    errand.say(f"{checked.summary} But {disturbed}: looking once more", level="warning")
    errand.until_ready(made.web)
    return _asked(errand, instance, made, service)


def _asked(errand: Errand, instance: Instance, made: Parts, service: Json) -> Checked:
    plan = instance.release.run_plan
    door = door_of(errand, made, service)
    found = pages(errand, instance, made, service)
    health = proxied.get(door, str(plan["health_path"]), deadline=CHECK_SECONDS) if plan.get("health_path") else None
    return checks.judge(health, found)


def pages(errand: Errand, instance: Instance, made: Parts, service: Json) -> list[Page]:
    """Every known page, rendered once; where all of them are silent the usual ones."""
    door = door_of(errand, made, service)
    found = [proxied.page(door, str(path), deadline=CHECK_SECONDS) for path in instance.release.run_plan.get("pages") or ["/"]]
    silent = all(checks.look_at_page(page).word == "silent" for page in found)
    return found + _fallbacks(door) if silent else found


def _fallbacks(door: proxied.Door) -> list[Page]:
    """Where an application without a landing page usually shows itself."""
    tried = [proxied.page(door, path, deadline=CHECK_SECONDS) for path in checks.FALLBACKS]
    return [page for page in tried if page.document.status not in {404, 405, 410}]


def door_of(errand: Errand, made: Parts, service: Json) -> proxied.Door:
    """How to ask this Service: under the name that the pods' own probes use, or would use."""
    https = made.https or _https(made)
    return proxied.Door(errand.patient.client, errand.namespace, service["metadata"]["name"], host_of(made), https=https)


def host_of(made: Parts) -> str:
    """The name that readiness is asked under; the application knows it."""
    for name, value in _headers(made):
        if name.lower() == "host":
            return value
    return made.host


def _https(made: Parts) -> bool:
    return any(name.lower() == "x-forwarded-proto" and value == "https" for name, value in _headers(made))


def _headers(made: Parts) -> list[tuple[str, str]]:
    found = []
    for item in made.web:
        for container in item["spec"]["template"]["spec"].get("containers", []):
            asked = (container.get("readinessProbe") or {}).get("httpGet") or {}
            found += [(str(header["name"]), str(header["value"])) for header in asked.get("httpHeaders") or []]
    return found
