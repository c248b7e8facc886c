"""What comes in, as JSON: checked for shape here, for sense by the use cases."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from agents.graphs.deploy import MAY_FAIL
from controlplane.api.filters import BIGGEST, Strict
from controlplane.core.permissions import EVERYWHERE, Verb
from workloads.catalog import LONGEST_VALUE
from workloads.models import Environment

REVIEWED = "Open a pull request instead of committing, where a repository says what runs."


class DeploySerializer(Strict):
    """A deployment that is asked for."""

    application = serializers.CharField(max_length=63)
    environment = serializers.CharField(max_length=63)
    ref = serializers.CharField(required=False, max_length=200, help_text="A tag, branch or commit.")
    release = serializers.IntegerField(
        required=False, min_value=1, max_value=BIGGEST, help_text="Instead of `ref`: exactly the commit of this release."
    )
    image = serializers.CharField(
        required=False,
        max_length=400,
        help_text="The image that CI built of this version, for an environment on a cluster: `registry/name@sha256:...`, or a tag.",
    )
    allow_failure = serializers.ListField(
        child=serializers.ChoiceField(choices=MAY_FAIL), required=False, help_text="Checks that may fail this time: the risk rises."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One version, named in one way."""
        if ("ref" in attrs) == ("release" in attrs):
            raise serializers.ValidationError({"ref": ["Give either `ref` or `release`."]})
        return attrs


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


class ApproveSerializer(DecideSerializer):
    """An approval, and the moment before which nothing begins (approve now and run later)."""

    not_before = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Left out: at once.")


class ScheduleSerializer(Strict):
    """When a change may begin."""

    not_before = serializers.DateTimeField(allow_null=True, help_text="null: as soon as it is approved.")
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


class VariableValueSerializer(Strict):
    """The value of a variable."""

    value = serializers.CharField(max_length=LONGEST_VALUE, allow_blank=True, trim_whitespace=False)
    secret = serializers.BooleanField(
        required=False, default=None, allow_null=True, help_text="Never shown again. Left out: by the look of name and value."
    )


class NewEnvironmentSerializer(Strict):
    """An environment that is asked for."""

    name = serializers.RegexField(r"^[a-z][a-z0-9-]{0,62}$")
    tier = serializers.ChoiceField(choices=Environment.Tier.choices)


class SuppressSerializer(Strict):
    """Why a finding does not count, and until when (for ever unless told)."""

    reason = serializers.CharField(max_length=2000)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


def body(request: Request, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The checked body of the request; ValidationError otherwise."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    found: dict[str, Any] = given.validated_data
    return found
