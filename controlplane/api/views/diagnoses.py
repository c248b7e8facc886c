"""Diagnoses of what runs in an environment on a cluster."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import PageQuery
from controlplane.api.idempotency import once
from controlplane.core.errors import NotFound
from workloads import diagnoses, queries
from workloads.diagnosis.answers import Source
from workloads.models import Diagnosis, Environment


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
