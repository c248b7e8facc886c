"""Questions about an environment: asked, answered in the background, read, given up."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agents import inquiries
from agents.models import Inquiry, Reading
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import PageQuery, Strict
from controlplane.api.idempotency import once
from controlplane.api.requests import body
from controlplane.core.errors import NotFound
from workloads import queries, visibility
from workloads.models import Environment, Incident


class AskSerializer(Strict):
    """A question that is asked."""

    question = serializers.CharField(min_length=2, max_length=inquiries.LONGEST)
    incident = serializers.IntegerField(required=False, allow_null=True, default=None, help_text="Of this environment.")


class EvidenceSerializer(serializers.Serializer[Any]):
    """One piece of evidence, quoted: it was written by others."""

    id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    where = serializers.CharField()
    text = serializers.CharField()
    at = serializers.CharField()


class ClaimSerializer(serializers.Serializer[Any]):
    """One sentence of a model, and the ids of the evidence that it rests on."""

    text = serializers.CharField()
    evidence = serializers.ListField(child=serializers.CharField())


class QuestionSerializer(serializers.Serializer[Any]):
    """A question. `diagnosis` is the engine's result; `answer`, `claims` and `stance` are a model's, `why_not` why it has none."""

    id = serializers.IntegerField(source="pk")
    environment = serializers.IntegerField(source="environment_id")
    incident = serializers.IntegerField(source="incident_id", allow_null=True)
    diagnosis = serializers.IntegerField(source="diagnosis_id", allow_null=True)
    question = serializers.CharField()
    status = serializers.ChoiceField(source="reading.status", choices=Reading.Status.values)
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(source="reading.finished_at", allow_null=True)
    model = serializers.CharField(source="reading.model")
    answer = serializers.CharField(source="reading.text")
    why_not = serializers.CharField(source="reading.why_not")
    claims = ClaimSerializer(many=True)
    stance = serializers.ChoiceField(choices=Inquiry.Stance.values, allow_blank=True)
    differs = serializers.SerializerMethodField()
    unknown = serializers.ListField(child=serializers.CharField())
    dropped = serializers.IntegerField()
    trouble = serializers.CharField()
    evidence = EvidenceSerializer(many=True)

    def get_differs(self, inquiry: Inquiry) -> str:
        """What a model says is wrong with the engine's explanation."""
        return str(inquiry.differs.get("text", ""))


class Questions(Endpoint):
    """Those about one environment."""

    @operation("List questions about an environment", page_of(QuestionSerializer), errors=(404,), query=PageQuery)
    def get(self, request: Request, number: int) -> Response:
        """Newest first."""
        rows = inquiries.visible(self.actor).filter(environment=self._environment(number))
        return listed(self, rows, QuestionSerializer)

    @operation("Ask about an environment", {202: QuestionSerializer}, errors=(403, 404), request=AskSerializer, key="required")
    def post(self, request: Request, number: int) -> Response:
        """The engine looks, then a model if one is connected, in the background; look at the question until it is answered."""
        given = body(request, AskSerializer)
        return once(request, lambda key: self._ask(number, key, **given))

    def _ask(self, number: int, key: str, *, question: str, incident: int | None) -> Response:
        environment = self._environment(number)
        about: Incident | None = None
        if incident is not None:
            about = visibility.incidents(self.actor).filter(environment=environment, pk=incident).first()
            if about is None:
                raise NotFound(f"There is no incident {incident} in {environment}.")
        made = inquiries.ask(self.actor, environment, question, key=key, incident=about)
        return Response(QuestionSerializer(made).data, status=202)

    def _environment(self, number: int) -> Environment:
        found = queries.environments_for(self.actor).filter(pk=number).first()
        if found is None:
            raise NotFound(f"There is no environment {number}, or you may not see it.")
        return found


class OneQuestion(Endpoint):
    """One question."""

    @operation("Show a question", QuestionSerializer, errors=(404,))
    def get(self, request: Request, number: int) -> Response:
        """With what was found for it so far, and its answer once there is one."""
        return Response(QuestionSerializer(_one(self, number)).data)


class Cancel(Endpoint):
    """The end of a question before its answer."""

    @operation("Cancel a question", {202: QuestionSerializer}, errors=(403, 404, 409), key="optional")
    def post(self, request: Request, number: int) -> Response:
        """Whoever works on it stops within moments."""
        return once(request, lambda _: self._cancel(number), required=False)

    def _cancel(self, number: int) -> Response:
        inquiries.cancel(self.actor, _one(self, number))
        return Response(QuestionSerializer(_one(self, number)).data, status=202)


def _one(view: Endpoint, number: int) -> Inquiry:
    found = inquiries.visible(view.actor).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no question {number}, or you may not see it.")
    return found
