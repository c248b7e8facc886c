"""Two releases side by side, as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from controlplane.api.filters import BIGGEST, Strict
from controlplane.api.serializers import ReleaseSerializer
from workloads.comparison import Comparison


class CompareQuery(Strict):
    """Which two releases."""

    to = serializers.IntegerField(min_value=1, max_value=BIGGEST, help_text="The number of the second release.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        before = serializers.IntegerField(min_value=1, max_value=BIGGEST, help_text="The number of the first release.")
        return {"from": before, **super().get_fields()}


class CommitSerializer(serializers.Serializer[Any]):
    """A commit on one line."""

    sha = serializers.CharField()
    subject = serializers.CharField()
    author = serializers.CharField()
    authored_at = serializers.DateTimeField()


class MigratedSerializer(serializers.Serializer[Any]):
    """A migration; without `kinds` where no plan ever looked at it."""

    app = serializers.CharField()
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField())


class DifferingVariableSerializer(serializers.Serializer[Any]):
    """A variable that differs: by name, never by value."""

    name = serializers.CharField()
    change = serializers.ChoiceField(choices=["added", "removed", "changed"])
    secret = serializers.BooleanField()


class DifferingProcessSerializer(serializers.Serializer[Any]):
    """A process that differs; an empty list where a release does not have it."""

    name = serializers.CharField()
    change = serializers.ChoiceField(choices=["added", "removed", "changed"])
    before = serializers.ListField(child=serializers.CharField())
    after = serializers.ListField(child=serializers.CharField())


class DifferingSettingSerializer(serializers.Serializer[Any]):
    """A part of the way of running that differs, in words."""

    name = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class ComparisonSerializer(serializers.Serializer[Comparison]):
    """What separates two releases. `unknown` says why commits, files and migrations are not known; empty if they are."""

    before = ReleaseSerializer()
    after = ReleaseSerializer()
    unknown = serializers.ChoiceField(source="history.unknown", choices=["", "gone", "slow"])
    commits_gained = CommitSerializer(source="history.gained", many=True)
    commits_lost = CommitSerializer(source="history.lost", many=True)
    files = serializers.SerializerMethodField()
    migrations_gained = MigratedSerializer(source="gained", many=True)
    migrations_lost = MigratedSerializer(source="lost", many=True)
    variables = DifferingVariableSerializer(many=True)
    processes = DifferingProcessSerializer(many=True)
    settings = DifferingSettingSerializer(many=True)
    requirements = serializers.ListField(child=serializers.CharField())

    def get_files(self, found: Comparison) -> list[str]:
        """The paths that differ."""
        return [path for _, path in found.history.paths]
