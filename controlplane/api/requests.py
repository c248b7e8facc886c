"""What comes in, as JSON: checked for shape here, for sense by the use cases."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from agents.graphs.deploy import MAY_FAIL
from controlplane.core.permissions import EVERYWHERE, Verb


class Strict(serializers.Serializer[Any]):
    """Refuses a name it does not know: a typing error is not a default."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


class DeploySerializer(Strict):
    """A deployment that is asked for."""

    application = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    ref = serializers.CharField(max_length=200, help_text="A tag, branch or commit.")
    allow_failure = serializers.ListField(
        child=serializers.ChoiceField(choices=MAY_FAIL), required=False, help_text="Checks that may fail this time: the risk rises."
    )


class RollbackSerializer(Strict):
    """A rollback that is asked for."""

    application = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    reason = serializers.CharField(max_length=2000)


class DecideSerializer(Strict):
    """A decision: on exactly the preview with this SHA-256, with a reason."""

    shown_sha256 = serializers.RegexField(
        r"^[0-9a-f]{64}$", error_messages={"invalid": "Give the preview_sha256 that you were shown."}
    )
    reason = serializers.CharField(max_length=2000)


class ReasonSerializer(Strict):
    """Why."""

    reason = serializers.CharField(max_length=2000)


class IssueSerializer(Strict):
    """A token that is asked for."""

    name = serializers.CharField(max_length=100)
    verbs = serializers.ListField(child=serializers.ChoiceField(choices=Verb.choices), allow_empty=False)
    scope = serializers.RegexField(r"^(\*|application/\d+|environment/\d+)$", default=EVERYWHERE)
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)


class EventsQuery(serializers.Serializer[Any]):
    """Where to go on, and how long to wait for news."""

    after = serializers.IntegerField(min_value=0, default=0)
    wait = serializers.FloatField(min_value=0, max_value=25, default=0, help_text="Seconds to wait for the next line, at most 25.")
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=1000)


def body(request: Request, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The checked body of the request; ValidationError otherwise."""
    return _checked(shape(data=request.data))


def asked(request: Request, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The checked query of the request; ValidationError otherwise."""
    return _checked(shape(data=request.query_params))


def _checked(given: serializers.Serializer[Any]) -> dict[str, Any]:
    given.is_valid(raise_exception=True)
    found: dict[str, Any] = given.validated_data
    return found
