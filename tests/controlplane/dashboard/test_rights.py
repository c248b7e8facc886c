"""Every address of the dashboard, asked by everybody: an address that is not listed here fails."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from controlplane.core.models import AuditEntry
from controlplane.dashboard.urls import urlpatterns
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene


@dataclass(frozen=True)
class Door:
    """What one address answers: to Bob (an approver everywhere), to Mallory (no rights), to Carol (one environment elsewhere)."""

    bob: int
    mallory: int
    carol: int
    where: str = ""  # the argument's name
    method: str = "get"


LISTS = Door(200, 200, 200)
DOORS = {
    "overview": LISTS,
    "search": LISTS,
    "inbox": LISTS,
    "environment-menu": LISTS,
    "runs": LISTS,
    "deployments": LISTS,
    "findings": LISTS,
    "incidents": LISTS,
    "specialists": LISTS,
    "metrics": LISTS,
    "metrics-chart": LISTS,
    "audit": Door(200, 403, 403),
    "audit-entry": Door(200, 403, 403, "number"),
    "audit-proof": Door(200, 403, 403),
    "audit-verify": Door(303, 403, 403, method="post"),
    "audit-export": Door(200, 403, 403, "form"),
    "application": Door(200, 404, 404, "application_id"),
    "deploy": Door(404, 404, 404, "application_id", "post"),
    "environment": Door(200, 404, 404, "environment_id"),
    "environment-state": Door(200, 404, 404, "environment_id"),
    "process-log": Door(200, 404, 404, "environment_id"),
    "roll-back": Door(409, 404, 404, "environment_id", "post"),
    "release-hold": Door(403, 404, 404, "environment_id", "post"),
    "run": Door(200, 404, 404, "run_id"),
    "run-state": Door(200, 404, 404, "run_id"),
    "run-events": Door(200, 404, 404, "run_id"),
    "run-log": Door(200, 404, 404, "run_id"),
    "run-lines": Door(200, 404, 404, "run_id"),
    "run-cancel": Door(403, 404, 404, "run_id", "post"),
    "run-retry": Door(403, 404, 404, "run_id", "post"),
    "change": Door(200, 404, 404, "change_id"),
    "change-state": Door(200, 404, 404, "change_id"),
    "change-preview": Door(200, 404, 404, "change_id"),
    "change-decide": Door(400, 404, 404, "change_id", "post"),
    "finding-suppress": Door(303, 404, 404, "finding_id", "post"),
    "finding-count-again": Door(409, 404, 404, "finding_id", "post"),
    "incident-resolve": Door(403, 404, 404, "incident_id", "post"),
}


def test_every_address_is_listed_here() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(DOORS)


def address(name: str, scene: Scene) -> str:
    """The address, for the change that waits in storefront/production."""
    from workloads.models import Finding, Incident

    production = scene.environments["storefront/production"]
    numbers: dict[str, int | str] = {
        "application_id": production.application_id,
        "environment_id": production.pk,
        "run_id": scene.runs["waiting"].pk,
        "change_id": scene.change.pk,
        "incident_id": Incident.objects.get().pk,
        "finding_id": Finding.objects.filter(application=production.application, suppressed_reason="").latest("pk").pk,
        "number": AuditEntry.objects.latest("number").pk,
        "form": "csv",
    }
    if name == "process-log":
        instance = production.instances.get()
        return reverse(name, kwargs={"environment_id": production.pk, "instance_id": instance.pk, "process": "web"})
    where = DOORS[name].where
    return reverse(name, kwargs={where: numbers[where]} if where else {})


@pytest.mark.parametrize("name", DOORS)
def test_an_address_answers_each_person_by_their_rights(name: str, scene: Scene, as_: SignIn) -> None:
    door = DOORS[name]
    for person in ("bob", "mallory", "carol"):
        answer = getattr(as_(person), door.method)(address(name, scene), {"reason": "because"})
        assert answer.status_code == getattr(door, person), person


@pytest.mark.parametrize("name", DOORS)
def test_nobody_gets_anywhere_without_signing_in(name: str, scene: Scene) -> None:
    answer = getattr(Client(), DOORS[name].method)(address(name, scene))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if door.method == "post"])
def test_what_writes_answers_no_get(name: str, scene: Scene, as_: SignIn) -> None:
    assert as_("ada").get(address(name, scene)).status_code == 405


def test_a_write_without_the_forms_token_is_refused(scene: Scene) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.people["bob"])
    assert client.post(address("change-decide", scene), {"decision": "approve", "reason": "x"}).status_code == 403


@pytest.mark.parametrize("place", ["/", "/runs/", "/deployments/", "/incidents/", "/findings/", "/inbox/", "/search/?q=storefront"])
def test_lists_show_nothing_of_what_the_person_may_not_see(place: str, as_: SignIn) -> None:
    for person in ("mallory", "carol"):
        shown = as_(person).get(place).content.decode()
        for secret in ("storefront/production", "billing/production", "storefront/staging", "Roll out v2"):
            assert secret not in shown


def test_an_unknown_thing_and_a_forbidden_one_answer_alike(scene: Scene, as_: SignIn) -> None:
    forbidden = as_("mallory").get(f"/runs/{scene.runs['waiting'].pk}/").content.decode()
    unknown = as_("mallory").get("/runs/999999/").content.decode()
    assert ("may not see it" in forbidden) and ("may not see it" in unknown)
