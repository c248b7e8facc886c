"""Diagnoses of what runs in an environment on a cluster."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import PageQuery, Strict
from controlplane.api.idempotency import once
from controlplane.api.requests import REVIEWED, body
from controlplane.api.serializers import ChangeDetailSerializer
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, NotFound
from controlplane.core.permissions import Verb
from controlplane.core.rights import demand
from workloads import diagnoses, mending, queries
from workloads.diagnosis.answers import Source
from workloads.models import Change, Diagnosis, Environment


class ProofSerializer(serializers.Serializer[Any]):
    """One line of evidence, quoted: where it stands, what it says, and when, if it says."""

    source = serializers.ChoiceField(choices=[str(one) for one in Source])  # type: ignore[assignment]  # a field of that name
    where = serializers.CharField()
    text = serializers.CharField()
    at = serializers.CharField()


class RemedySerializer(serializers.Serializer[Any]):
    """What would mend it, in words. Nothing is done by it."""

    action = serializers.CharField(allow_blank=True)
    target = serializers.CharField()
    summary = serializers.CharField()
    parameters = serializers.DictField(child=serializers.CharField())
    reversible = serializers.BooleanField()


class HypothesisSerializer(serializers.Serializer[Any]):
    """A fault, where the repair goes, and how sure that is (0 to 1)."""

    fault = serializers.CharField()
    object = serializers.CharField()
    namespace = serializers.CharField()
    confidence = serializers.FloatField()
    summary = serializers.CharField()
    evidence = ProofSerializer(many=True)
    remedies = RemedySerializer(many=True)
    explains = serializers.ListField(child=serializers.CharField())
    contradictions = serializers.ListField(child=serializers.CharField())


class SymptomSerializer(serializers.Serializer[Any]):
    """Something that is wrong, whatever its cause."""

    object = serializers.CharField()
    namespace = serializers.CharField()
    text = serializers.CharField()


class DiagnosisSerializer(serializers.Serializer[Any]):
    """A diagnosis; `verdict` is empty until it is done, `trouble` says why it could not be made."""

    id = serializers.IntegerField(source="pk")
    environment = serializers.IntegerField(source="environment_id")
    incident = serializers.IntegerField(source="incident_id", allow_null=True)
    snapshot = serializers.IntegerField(source="snapshot_id", allow_null=True)
    status = serializers.ChoiceField(choices=Diagnosis.Status.values)
    verdict = serializers.ChoiceField(choices=Diagnosis.Verdict.values, allow_blank=True)
    summary = serializers.CharField()
    hypotheses = HypothesisSerializer(many=True)
    symptoms = SymptomSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField())
    problems = serializers.ListField(child=serializers.CharField())
    trouble = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class OfferSerializer(serializers.Serializer[Any]):
    """A remedy that can be proposed by its key; `why_not` says why not, where it cannot. Nothing is done by reading it."""

    key = serializers.CharField()
    hypothesis = serializers.IntegerField(help_text="Which of the diagnosis's hypotheses it answers, from 0.")
    kind = serializers.CharField(help_text="A kind of repair, or `roll_back`.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field here, an attribute there
    summary = serializers.CharField()
    risk = serializers.ChoiceField(choices=Change.Risk.choices)
    reversible = serializers.BooleanField()
    object = serializers.CharField(source="repair.ref.title", default="")
    parameters = serializers.DictField(source="repair.parameters", default=dict)
    why_not = serializers.CharField()


class ProposeSerializer(Strict):
    """How it shall be done."""

    pull_request = serializers.BooleanField(default=False, help_text=REVIEWED)


class Diagnoses(Endpoint):
    """Those of one environment."""

    @operation("List diagnoses of an environment", page_of(DiagnosisSerializer), errors=(404,), query=PageQuery)
    def get(self, request: Request, number: int) -> Response:
        """Newest first."""
        rows = diagnoses.visible(self.actor).filter(environment=self._environment(number))
        return listed(self, rows, DiagnosisSerializer)

    @operation("Ask for a diagnosis", {202: DiagnosisSerializer}, errors=(403, 404), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """It is made in the background, in seconds; look at the list. One that is being made already is given back."""
        return once(request, lambda _: self._ask(number), required=False)

    def _ask(self, number: int) -> Response:
        return Response(DiagnosisSerializer(diagnoses.ask(self.actor, self._environment(number))).data, status=202)

    def _environment(self, number: int) -> Environment:
        found = queries.environments_for(self.actor).filter(pk=number).first()
        if found is None:
            raise NotFound(f"There is no environment {number}, or you may not see it.")
        return found


class Offers(Endpoint):
    """What would mend what a diagnosis found."""

    @operation("List the remedies of a diagnosis", OfferSerializer(many=True), errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """Best first within each hypothesis. No cluster is asked: proposing one makes its preview."""
        found = mending.offered(self.actor, one(self.actor, number), foresee=False)
        return Response(OfferSerializer(found, many=True).data)


class ProposeOffer(Endpoint):
    """A remedy becomes a change."""

    @operation(
        "Propose a remedy", {201: ChangeDetailSerializer}, errors=(403, 404, 502, 504), request=ProposeSerializer, key="optional"
    )
    def post(self, request: Request, number: int, key: str) -> Response:
        """Tried on the cluster first, without changing anything; it waits for approval unless policy approves it by itself.

        A roll back is asked for at `/rollbacks`.
        """
        reviewed = body(request, ProposeSerializer)["pull_request"]
        return once(request, lambda given: self._propose(number, key, given, reviewed=reviewed), required=False)

    def _propose(self, number: int, key: str, given: str, *, reviewed: bool) -> Response:
        diagnosis = one(self.actor, number)
        assert diagnosis.environment is not None
        demand(self.actor, Verb.RUN, diagnosis.environment.scopes, str(diagnosis.environment))
        offer = mending.offer(self.actor, diagnosis, key)
        if offer.repair is None:
            raise Conflict("A roll back is no repair.", cure="Ask for it at /api/v1/rollbacks.")
        made = mending.propose(
            self.actor,
            diagnosis.environment,
            offer.repair,
            incident=diagnosis.incident,
            idempotency_key=given or f"api-{uuid4()}",
            reviewed=reviewed,
        )
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, made.pk)).data, status=201)


def one(actor: Actor, number: int) -> Diagnosis:
    """The diagnosis of this number, of an environment, or NotFound (also when the actor may not see it)."""
    found = diagnoses.visible(actor).filter(pk=number, environment__isnull=False).first()
    if found is None:
        raise NotFound(f"There is no diagnosis {number} of an environment, or you may not see it.")
    return found
