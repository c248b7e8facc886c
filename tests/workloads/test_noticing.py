"""A look that finds a fault twice opens an incident, once; people who know of it are not told again; what is gone is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests import afloat
from tests.fake_cluster import FakeCluster
from tests.workloads.stage import SYSTEM, RecordingDriver, Stage, stage
from workloads import incidents, live_findings, noticing
from workloads.diagnosis.answers import Diagnosis as Answer
from workloads.diagnosis.answers import Hypothesis, Proof, Source, Standing
from workloads.models import Application, Change, Cluster, Diagnosis, Environment, Incident, Target

pytestmark = pytest.mark.django_db
PROOF = Proof(Source.OBJECT, "Service shop/web", "selects no pod")
FAULT = Hypothesis("service_selector_mismatch", "app/web", "shop", 0.96, "The Service selects nothing.", (PROOF,))
FOUND = Answer(Standing.FAULT, FAULT.summary, (FAULT,))
HEALTHY = Answer(Standing.HEALTHY, "Nothing is wrong.")


@pytest.fixture
def production(db: None) -> Environment:
    environment = stage("production").environment
    cluster = Cluster.objects.create(name="harbour", kind="in_cluster")
    Target.objects.create(environment=environment, cluster=cluster, namespace="shop")
    return environment


def test_a_fault_that_is_there_twice_opens_one_incident(production: Environment) -> None:
    assert noticing.notice(production, FOUND) is None
    made = noticing.notice(production, FOUND)
    assert made is not None
    assert noticing.notice(production, FOUND) == made
    assert (made.opener, made.about, made.cause) == ("look", "app/web", "fault service_selector_mismatch shop/app/web")
    assert made.evidence["evidence"] == ["Service shop/web: selects no pod"]
    assert Incident.objects.count() == 1


def test_what_is_seen_in_passing_opens_nothing(production: Environment) -> None:
    for found in (FOUND, HEALTHY, FOUND, Answer(Standing.INCONCLUSIVE, "Who knows."), HEALTHY):
        noticing.notice(production, found)
    assert not Incident.objects.exists()


def test_an_incident_is_over_when_two_looks_find_it_no_more(production: Environment) -> None:
    for found in (FOUND, FOUND, HEALTHY):
        noticing.notice(production, found)
    assert Incident.objects.get().status == "open"
    noticing.notice(production, HEALTHY, whole=False)
    assert Incident.objects.get().status == "open", "not everything was read"
    noticing.notice(production, HEALTHY)
    assert Incident.objects.get().status == "resolved"
    for found in (FOUND, FOUND):
        noticing.notice(production, found)
    assert (Incident.objects.get().status, Incident.objects.get().reopened) == ("open", 1)


def test_an_alert_of_the_same_object_is_enough(production: Environment) -> None:
    incidents.open_for_alert(SYSTEM, production, "alert Slow shop/deployment/web", "Slow", {}, about="deployment/web")
    for _ in range(3):
        assert noticing.notice(production, FOUND) is None
    assert Incident.objects.count() == 1


def test_a_diagnosis_that_says_the_same_is_enough(production: Environment) -> None:
    known = incidents.open_for_alert(SYSTEM, production, "alert ErrorRate", "Errors", {})
    now = timezone.now()
    Diagnosis.objects.create(
        environment=production,
        incident=known,
        status="done",
        verdict="fault",
        hypotheses=[{"fault": FAULT.fault, "object": FAULT.object}],
        asked_at=now,
        finished_at=now,
    )
    for _ in range(3):
        assert noticing.notice(production, FOUND) is None


def test_nothing_is_noticed_while_a_change_works(production: Environment) -> None:
    place = Stage(production, RecordingDriver())
    Change.objects.filter(pk=place.propose(place.release("v1")).pk).update(status="applying")
    for _ in range(3):
        assert noticing.notice(production, FOUND) is None


@pytest.fixture
def harbour() -> Iterator[FakeCluster]:
    with afloat.harbour() as made:
        yield made


def test_the_look_of_the_schedule_notices(harbour: FakeCluster) -> None:
    environment = afloat.moor(Application.objects.create(name="shop", repository="/srv/git/shop"), harbour)
    live_findings.look(environment)
    target = Target.objects.get(environment=environment)
    assert (target.noticed != "", target.noticed_times) == (True, 1)
    Target.objects.update(findings_looked_at=timezone.now() - noticing.LOOK_AGAIN_AFTER)
    assert live_findings.look_at_all() == 1, "what is seen for the first time is looked at again soon"
    assert Target.objects.get(environment=environment).noticed_times == 2
    assert live_findings.look_at_all() == 0
