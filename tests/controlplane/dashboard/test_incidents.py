"""Incidents: the list with its filters, and the story of one."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from controlplane.core.actors import Actor
from controlplane.dashboard.reads import incidents as reads
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads import incidents
from workloads.models import Deployment, Incident


def test_the_story_goes_from_the_roll_out_to_the_word_that_it_is_over(scene: Scene, as_: SignIn) -> None:
    incident = Incident.objects.get()
    bob = Actor.person(scene.people["bob"])
    incidents.resolve(bob, incident, "The cache table is made in a release step now.")
    incident.refresh_from_db()
    told = reads.story(bob, incident)
    assert [moment.at for moment in told] == sorted(moment.at for moment in told)
    states = [(moment.kind, moment.state) for moment in told]
    assert states[0] == ("deployment", "rolled_back")
    assert ("node", "failed") in states
    assert (told[-1].state, told[-1].who, told[-1].text) == ("resolved", "bob", "The cache table is made in a release step now.")
    page = as_("bob").get(f"/incidents/{incident.pk}/").content.decode()
    assert "The cache table is made in a release step now." in page
    assert reverse("incident-resolve", args=[incident.pk]) not in page


def test_a_rollback_of_its_deployment_is_part_of_the_story(scene: Scene) -> None:
    incident = Incident.objects.get()
    assert incident.deployment is not None
    back = Deployment.objects.create(
        environment=incident.environment,
        release=incident.deployment.release,
        kind="roll_back",
        status="superseded",
        previous=incident.deployment,
        started_at=timezone.now(),
    )
    told = reads.story(Actor.person(scene.people["bob"]), incident)
    assert told[-1].title == f"Rolled back to {back.release.label}"


def test_an_open_incident_can_be_resolved_on_its_page_by_who_may(scene: Scene, as_: SignIn) -> None:
    incident = Incident.objects.get()
    address = f"/incidents/{incident.pk}/"
    assert reverse("incident-resolve", args=[incident.pk]) in as_("alice").get(address).content.decode()
    answer = as_("alice").post(f"{address}resolve/", {"reason": "Mended in 2.4.1"})
    assert (answer.status_code, answer["Location"]) == (303, address)
    assert as_("carol").get(address).status_code == 404


def test_incidents_are_chosen_by_state_and_time(scene: Scene, as_: SignIn) -> None:
    incident = Incident.objects.get()
    row = f'id="incident-{incident.pk}"'
    for query, there in (("status=unresolved", True), ("status=mitigated", True), ("status=resolved", False), ("status=odd", True)):
        assert (row in as_("bob").get(f"/incidents/?{query}").content.decode()) == there, query
    Incident.objects.update(opened_at=timezone.now() - timedelta(days=3))
    assert row in as_("bob").get("/incidents/?since=week").content.decode()
    assert row not in as_("bob").get("/incidents/?since=day").content.decode()
