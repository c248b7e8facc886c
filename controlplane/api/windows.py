"""Windows, stops and locks as JSON: what comes in, what goes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework import serializers

from controlplane.api.filters import Strict
from workloads import phrases, timetables
from workloads.models import Environment, EnvironmentLock, Stop, Window


class LockRequestSerializer(Strict):
    """A lock that is asked for."""

    reason = serializers.CharField(max_length=300)
    minutes = serializers.IntegerField(
        min_value=5, max_value=24 * 60, default=60, help_text="How long, unless it is released before."
    )


class StopRequestSerializer(Strict):
    """A stop that is asked for."""

    reason = serializers.CharField(max_length=300)
    rollbacks_pass = serializers.BooleanField(default=True, help_text="Whether rollbacks are let through.")


class WindowSerializer(serializers.Serializer[Any]):
    """A window that holds in the environment, and in words."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Window.Kind.values)
    when = serializers.SerializerMethodField()
    where = serializers.SerializerMethodField()
    rule = serializers.CharField()
    zone = serializers.CharField()
    rollbacks_pass = serializers.BooleanField()
    reason = serializers.CharField()

    def get_when(self, window: Window) -> str:
        """Such as: Mondays to Thursdays 09:00 to 16:00, Europe/Madrid."""
        return phrases.when(window)

    def get_where(self, window: Window) -> str:
        """The environment, the application, the tier, or everywhere."""
        return phrases.where(window)


class StopSerializer(serializers.Serializer[Any]):
    """A stop, `everywhere` or only here; until it is lifted."""

    stopped_by = serializers.CharField()
    reason = serializers.CharField()
    rollbacks_pass = serializers.BooleanField()
    stopped_at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    everywhere = serializers.SerializerMethodField()

    def get_everywhere(self, stop: Stop) -> bool:
        """Whether it is a stop of everything."""
        return stop.environment_id is None


class LockSerializer(serializers.Serializer[Any]):
    """A lock that holds."""

    owner = serializers.CharField(source="owner_label")
    reason = serializers.CharField()
    taken_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


@dataclass(frozen=True, slots=True)
class Times:
    """When changes begin in an environment."""

    open: bool
    because: str
    opens_at: datetime | None
    closes_at: datetime | None
    searched_until: datetime | None
    windows: tuple[Window, ...]
    stops: tuple[Stop, ...]
    lock: EnvironmentLock | None


class TimesSerializer(serializers.Serializer[Any]):
    """When changes begin in an environment. `opens_at` is null where nobody knows; `searched_until` says how far was looked."""

    open = serializers.BooleanField()
    because = serializers.CharField(help_text="Why it is closed; empty while it is open.")
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    searched_until = serializers.DateTimeField(allow_null=True)
    windows = WindowSerializer(many=True)
    stops = StopSerializer(many=True)
    lock = LockSerializer(allow_null=True)


def times_of(environment: Environment, now: datetime) -> Times:
    """How it stands now."""
    table = timetables.timetable(environment, now)
    standing = table.standing(now)
    because = "" if standing.open else phrases.closed_by(table.named(standing.because))
    times = (standing.opens_at, standing.closes_at, standing.searched_until)
    return Times(standing.open, because, *times, table.windows, table.stops, table.lock)
