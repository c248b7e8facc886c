"""What models wrote and used, as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from agents.models import ModelBudget, ModelCall, Reading
from workloads.models import Change


class RiskSerializer(serializers.Serializer[Any]):
    """One thing that may go wrong, in a model's words; `facts` are ids of the reading's facts."""

    text = serializers.CharField()
    level = serializers.ChoiceField(choices=Change.Risk.choices)
    facts = serializers.ListField(child=serializers.CharField())


class FactSerializer(serializers.Serializer[Any]):
    """One fact that a reading rests on, and its place on the page of what it is about."""

    id = serializers.CharField()
    title = serializers.CharField()
    place = serializers.CharField()


class ReadingSerializer(serializers.Serializer[Any]):
    """What a model wrote, or why it wrote nothing. It decides nothing."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(choices=Reading.Kind.choices)
    specialist = serializers.CharField()
    status = serializers.ChoiceField(choices=Reading.Status.choices)
    why_not = serializers.CharField()
    written_by_model = serializers.CharField(source="model")
    text = serializers.CharField()
    risks = RiskSerializer(many=True)
    facts = FactSerializer(many=True)
    left_out = serializers.CharField()
    not_kept = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ToolUseSerializer(serializers.Serializer[Any]):
    """One tool that an answer asked for, redacted and cut."""

    name = serializers.CharField()
    arguments = serializers.CharField()
    status = serializers.CharField()
    result = serializers.CharField()


class ModelCallSerializer(serializers.Serializer[Any]):
    """One request to a model. `estimated`: the endpoint did not count its tokens."""

    id = serializers.IntegerField(source="pk")
    endpoint = serializers.CharField(source="endpoint_name")
    model = serializers.CharField()
    purpose = serializers.CharField()
    specialist = serializers.CharField()
    run = serializers.IntegerField(source="run_id", allow_null=True)
    prompt = serializers.CharField()
    status = serializers.ChoiceField(choices=ModelCall.Status.choices)
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    estimated = serializers.BooleanField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=10, help_text="US dollars.")
    latency_ms = serializers.IntegerField(allow_null=True)
    attempts = serializers.IntegerField()
    error = serializers.CharField()
    tools = ToolUseSerializer(many=True)
    at = serializers.DateTimeField()


class SpentSerializer(serializers.Serializer[Any]):
    """What the recorded calls of a budget's present period used."""

    tokens = serializers.IntegerField(source="spent_tokens")
    money = serializers.DecimalField(source="spent_money", max_digits=30, decimal_places=10, help_text="US dollars.")
    calls = serializers.IntegerField(source="spent_calls")


class ModelBudgetSerializer(serializers.Serializer[Any]):
    """A limit, and what is spent of it; null is no limit."""

    id = serializers.IntegerField(source="pk")
    application = serializers.CharField(source="application.name", allow_null=True, default=None)
    specialist = serializers.CharField()
    period = serializers.ChoiceField(choices=ModelBudget.Period.choices)
    tokens = serializers.IntegerField(allow_null=True)
    money = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True, help_text="US dollars.")
    calls = serializers.IntegerField(allow_null=True)
    enabled = serializers.BooleanField()
    spent = SpentSerializer(source="*")
