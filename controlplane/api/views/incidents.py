"""Incidents: what went wrong, who looks after it, what would mend it, and what is written about it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents import responding
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import IncidentsQuery, Strict
from controlplane.api.idempotency import once
from controlplane.api.requests import REVIEWED, ReasonSerializer, body
from controlplane.api.serializers import IncidentSerializer
from controlplane.core.errors import NotFound
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand
from workloads import examinations, incidents, postmortems, queries, responses
from workloads.models import Environment, Incident


class OpenSerializer(Strict):
    """An incident that somebody saw."""

    application = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    title = serializers.CharField(max_length=300)
    seen = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ChooseSerializer(Strict):
    """The remedy that shall be proposed."""

    remedy = serializers.CharField(max_length=64, help_text="The `key` of one that is offered.")
    pull_request = serializers.BooleanField(default=False, help_text=REVIEWED)


class WriteSerializer(Strict):
    """A version of a post-mortem."""

    text = serializers.CharField(max_length=postmortems.LONGEST, help_text="Markdown.")
    seen = serializers.IntegerField(min_value=0, help_text="The version that this one follows; 0 for the first.")


class OfferedSerializer(serializers.Serializer[Any]):
    """A remedy, and why it cannot be proposed, if so. `change`: where it was."""

    key = serializers.CharField()
    kind = serializers.CharField()
    summary = serializers.CharField()
    risk = serializers.CharField()
    reversible = serializers.BooleanField()
    fault = serializers.CharField()
    object = serializers.CharField()
    why_not = serializers.CharField()
    change = serializers.IntegerField(allow_null=True, default=None)


class SuspectSerializer(serializers.Serializer[Any]):
    """What changed before the first symptom; the most suspicious first."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    title = serializers.CharField()
    who = serializers.CharField()
    score = serializers.FloatField()
    why = serializers.ListField(child=serializers.CharField())


class ExaminationSerializer(serializers.Serializer[Any]):
    """The newest round of looking into it."""

    number = serializers.IntegerField()
    run = serializers.IntegerField(source="run_number")
    diagnosis = serializers.IntegerField(source="diagnosis_id", allow_null=True)
    standing = serializers.CharField()
    summary = serializers.CharField()
    not_evaluated = serializers.ListField(source="lacking", child=serializers.CharField())
    first_symptom_at = serializers.DateTimeField(source="onset_at", allow_null=True)
    suspects = SuspectSerializer(many=True)
    remedies = OfferedSerializer(many=True)


class PostMortemSerializer(serializers.Serializer[Any]):
    """The version that counts."""

    version = serializers.IntegerField(source="number")
    text = serializers.CharField()
    drafted = serializers.BooleanField(help_text="Timonel wrote it, and nobody edited it yet.")
    written_by = serializers.CharField()
    written_at = serializers.DateTimeField()


class Incidents(Endpoint):
    """What went wrong."""

    @operation("List incidents", page_of(IncidentSerializer), query=IncidentsQuery)
    def get(self, request: Request) -> Response:
        """Newest first."""
        filters = {"status": "status", "application": "environment__application__name", "environment": "environment__name"}
        return listed(self, queries.incidents_for(self.actor), IncidentSerializer, filters)

    @operation("Open an incident", {201: IncidentSerializer}, errors=(403, 404), request=OpenSerializer, key="required")
    def post(self, request: Request) -> Response:
        """One that a person saw; it is looked at at once."""
        given = body(request, OpenSerializer)
        return once(request, lambda _: self._open(given))

    def _open(self, given: dict[str, Any]) -> Response:
        place = queries.environments_for(self.actor).filter(application__name=given["application"], name=given["environment"])
        found: Environment | None = place.first()
        if found is None:
            raise NotFound("There is no such environment, or you may not see it.")
        made = incidents.open_by(self.actor, found, given["title"], given["seen"])
        return Response(IncidentSerializer(made).data, status=201)


class OneIncident(Endpoint):
    """One incident."""

    @operation("Show an incident", IncidentSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """As it stands."""
        return Response(IncidentSerializer(one(self, number)).data)


class Resolve(Endpoint):
    """The end of an incident."""

    @operation("Resolve an incident", IncidentSerializer, errors=(403, 404), request=ReasonSerializer, key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Whoever may run things there says what the cause was and why it is gone."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: self._resolve(number, reason), required=False)

    def _resolve(self, number: int, reason: str) -> Response:
        found = one(self, number)
        demand(self.actor, Verb.RUN, found.environment.scopes, f"the incident in {found.environment}")
        incidents.resolve(self.actor, found, reason)
        return Response(IncidentSerializer(found).data)


class LookAgain(Endpoint):
    """Another look at an incident."""

    @operation("Look at an incident again", {202: IncidentSerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """By a run of its own, `response`; while one is at work there is no other."""
        return once(request, lambda _: self._look(number), required=False)

    def _look(self, number: int) -> Response:
        found = one(self, number)
        responding.look_again(self.actor, found)
        return Response(IncidentSerializer(found).data, status=202)


class Remedies(Endpoint):
    """What would mend an incident."""

    @operation("Show what was found out about an incident", ExaminationSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """What is wrong, what changed before, and the remedies. Nothing of it happens before it is approved."""
        examination = examinations.newest(one(self, number))
        if examination is None:
            raise NotFound("Nobody has looked into this incident yet.", cure="Ask again in a moment.")
        return Response(ExaminationSerializer(examination).data)

    @operation("Choose a remedy", {202: IncidentSerializer}, errors=(403, 404, 409), request=ChooseSerializer, key="optional")
    def post(self, request: Request, number: int) -> Response:
        """It is proposed instead of what waits, which is withdrawn; people decide it like every change."""
        given = body(request, ChooseSerializer)
        return once(request, lambda _: self._choose(number, given), required=False)

    def _choose(self, number: int, given: dict[str, Any]) -> Response:
        found = responses.choose(self.actor, one(self, number), given["remedy"], reviewed=given["pull_request"])
        return Response(IncidentSerializer(found).data, status=202)


class OnePostMortem(Endpoint):
    """What is written about an incident."""

    @operation("Show a post-mortem", PostMortemSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """The newest version."""
        found = postmortems.newest(one(self, number))
        if found is None:
            raise NotFound("Nothing is written about this incident yet.")
        return Response(PostMortemSerializer(found).data)

    @operation("Write a post-mortem", PostMortemSerializer, errors=(403, 404, 409), request=WriteSerializer, key="optional")
    def post(self, request: Request, number: int) -> Response:
        """A version after the one that was seen; earlier ones are kept."""
        given = body(request, WriteSerializer)
        return once(request, lambda _: self._write(number, given), required=False)

    def _write(self, number: int, given: dict[str, Any]) -> Response:
        found = one(self, number)
        made = postmortems.write(self.actor, found, given["text"], seen=given["seen"])
        if found.status == Incident.Status.RESOLVED:
            responding.publish(found)
        return Response(PostMortemSerializer(made).data)


def one(endpoint: Endpoint, number: int) -> Incident:
    """The incident, if the caller may see it."""
    found = queries.incidents_for(endpoint.actor).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no incident {number}, or you may not see it.")
    return found
