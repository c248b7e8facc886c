"""Who calls, and on what: two applications that know nothing of each other, and a caller of every kind for the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from agents import inquiries
from agents.models import Run
from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import EVERYWHERE, Role, Verb
from knowledge import ingest
from knowledge.ingest import File
from knowledge.models import Source
from tests.workloads.stage import SYSTEM, Stage, stage
from workloads import holds, incidents, locks, stops
from workloads.models import (
    Announcement,
    Cluster,
    Diagnosis,
    Environment,
    Finding,
    Notification,
    Report,
    Target,
    WebhookDelivery,
    WebhookSource,
)

HERE, FOREIGN = "harbourmaster", "lighthousekeeper"  # words that stand in no page by themselves
ANONYMOUS, NOBODY, EVERY, SUPER = "anonymous", "nobody", "everywhere", "superuser"
SCOPED = tuple(str(role) for role in Role.values)
READING, ELSEWHERE = "token to read", "token elsewhere"
PEOPLE = (ANONYMOUS, NOBODY, *SCOPED, EVERY, SUPER)
TOKENS = (READING, ELSEWHERE)


@dataclass
class Cast:
    """Callers by name (the session or token of each), and the two sets of things."""

    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    here: dict[str, Any] = field(default_factory=dict)
    foreign: dict[str, Any] = field(default_factory=dict)

    def client(self, caller: str) -> Client:
        """A browser or program of this caller."""
        if caller in self.tokens:
            return Client(headers={"Authorization": f"Bearer {self.tokens[caller]}"})
        client = Client()
        if caller in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[caller]
        return client


def gather() -> Cast:
    """Write everything into the database."""
    cast = Cast(here=things(stage(application=HERE)), foreign=things(stage(application=FOREIGN)))
    scope = f"application/{cast.here['application_id']}"
    for name in (NOBODY, *SCOPED, EVERY, SUPER):
        cast.sessions[name] = _sign_in(_person(name, scope))
    every = User.objects.get(username=EVERY)
    stops.stop(Actor.person(every), None, reason="Being moved.")
    cast.tokens[READING] = _token(every, READING, [Verb.VIEW], scope)
    cast.tokens[ELSEWHERE] = _token(every, ELSEWHERE, list(Verb), f"environment/{cast.foreign['environment_id']}")
    return cast


def things(place: Stage) -> dict[str, Any]:
    """One of everything in an environment, as values for the arguments of addresses."""
    environment, application = place.environment, place.environment.application
    place.live(place.release("v-1"))
    deployment = place.live(place.release("v0"))
    incident = incidents.open_for(deployment, f"{application.name} was slow.", {})
    change = place.propose(place.release("v1"))
    holds.hold(SYSTEM, environment, "Rolled back by itself.")
    _keep(environment)
    place.environment.refresh_from_db()
    run, failed = (_run(place, status) for status in ("queued", "failed"))
    finding = _finding(place)
    report = Report.objects.create(application=application, tool=finding.tool, format="generic", commit="a" * 40, sha256="b" * 64)
    return {
        "application_id": application.pk,
        "environment_id": environment.pk,
        "instance_id": place.environment.active_instance_id,
        "process": "web",
        "metric": "cpu",
        "run_id": run.pk,
        "failed": failed.pk,
        "change_id": change.pk,
        "incident_id": incident.pk,
        "finding_id": finding.pk,
        "inquiry_id": inquiries.ask(SYSTEM, environment, f"What of {application.name}?", key="k").pk,
        "report": report.pk,
        "delivery_id": _delivery(place).pk,
        "notification_id": _notification(place).pk,
        **_known(place),
        "cluster": _target(environment).cluster.name,
        "diagnosis": _diagnosis(environment).pk,
        "pod": "web-1",
        "identity": "read",
        "release": deployment.release_id,
        "variable": "GREETING",
        "form": "csv",
        "chart": "runs",
        "deployment": deployment.pk,
        "name": application.name,
        "environment": environment.name,
        "sha256": change.preview_sha256,
    }


def _keep(environment: Environment) -> None:
    """Somebody has it locked and stopped."""
    keeper = User.objects.create_user(f"keeper of {environment.application.name}", is_superuser=True)
    locks.take(Actor.person(keeper), environment, reason="Being moved.")
    stops.stop(Actor.person(keeper), environment, reason="Being moved.")


def _target(environment: Environment) -> Target:
    """A place on a cluster that cannot be reached."""
    name = f"{environment.application.name}-cluster"
    cluster = Cluster.objects.create(name=name, kind=Cluster.Kind.IN_CLUSTER)
    return Target.objects.create(environment=environment, cluster=cluster, namespace="here")


def _diagnosis(environment: Environment) -> Diagnosis:
    now = timezone.now()
    asked = {"asked_by": environment.application.name, "asked_at": now, "finished_at": now}
    return Diagnosis.objects.create(environment=environment, status="done", verdict="healthy", summary="All is well.", **asked)


def _run(place: Stage, status: str) -> Run:
    name = place.environment.application.name
    key = f"{name}-{status}"
    return Run.objects.create(
        workflow="deploy", environment=place.environment, status=status, requested_by_label=name, idempotency_key=key
    )


def _delivery(place: Stage) -> WebhookDelivery:
    application = place.environment.application
    source = WebhookSource.objects.create(name=f"{application.name}-hook", kind="github", application=application, secret="k" * 32)
    values = {"delivery_id": "d-1", "proved_sha256": "1" * 64, "body_sha256": "2" * 64, "event": "push", "status": "ignored"}
    return WebhookDelivery.objects.create(source=source, facts={"title": f"of {application.name}"}, **values)


def _known(place: Stage) -> dict[str, int]:
    """A source of its documents, named like the application, with one document of one passage."""
    name = place.environment.application.name
    scope = f"application/{place.environment.application_id}"
    source = Source.objects.create(name=name, kind=Source.Kind.UPLOAD, scope=scope)
    ingest.refresh(source, [File(f"{name}.md", f"# Moorings of {name}\n\nAhoy is said first.\n")])
    document = source.documents.get()
    return {"source_id": source.pk, "document_id": document.pk, "passage_id": document.passages.get().pk}


def _notification(place: Stage) -> Notification:
    """A message about what was told last, that could not be delivered."""
    told, now = Announcement.objects.latest("pk"), timezone.now()
    what = {"announcement": told, "kind": told.kind, "subject": told.subject, "due_at": now, "asked_at": now}
    receiver = f"channel of {place.environment.application.name}"
    return Notification.objects.create(receiver=receiver[:40], receiver_label=receiver, status="failed", **what)


def _finding(place: Stage) -> Finding:
    return Finding.objects.create(
        application=place.environment.application,
        tool=f"{place.environment.application.name}-lint",
        rule="E1",
        severity="low",
        message="A line is long.",
        fingerprint=f"{place.environment.application_id:064x}",
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )


def _person(name: str, scope: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", is_superuser=name == SUPER, is_staff=name == SUPER)
    if name in SCOPED:
        RoleBinding.objects.create(user=user, role=name, scope=scope)
    if name == EVERY:
        RoleBinding.objects.create(user=user, role=Role.ADMINISTRATOR, scope=EVERYWHERE)
    return user


def _sign_in(user: User) -> str:
    client = Client()
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _token(user: User, name: str, verbs: list[Verb], scope: str) -> str:
    return tokens.issue(Actor.person(user), user, name, verbs, scope=scope)[1]
