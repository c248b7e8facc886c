"""When changes begin: windows of an environment, its lock, its stop, the stop of everything, the exception."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, operation
from controlplane.api.idempotency import once
from controlplane.api.requests import ReasonSerializer, body
from controlplane.api.serializers import ChangeDetailSerializer
from controlplane.api.windows import LockRequestSerializer, StopRequestSerializer, StopSerializer, TimesSerializer, times_of
from workloads import changes, locks, queries, stops


class Windows(Endpoint):
    """The windows of an environment."""

    @operation("Show when changes begin in an environment", TimesSerializer, errors=(404,))
    def get(self, request: Request, name: str, environment: str) -> Response:
        """Open or closed now, and until when; its windows, stops and lock."""
        return _times(self, name, environment)


class Lock(Endpoint):
    """A lease of an environment."""

    @operation("Lock an environment", TimesSerializer, errors=(403, 404), request=LockRequestSerializer, key="optional")
    def post(self, request: Request, name: str, environment: str) -> Response:
        """Only changes that you asked for or decided are applied there meanwhile. Yours already: it begins anew."""
        given = body(request, LockRequestSerializer)
        return once(request, lambda _: self._take(name, environment, **given), required=False)

    def _take(self, name: str, environment: str, *, reason: str, minutes: int) -> Response:
        found = queries.environment_for(self.actor, name, environment)
        locks.take(self.actor, found, reason=reason, lasting=timedelta(minutes=minutes))
        return _times(self, name, environment)


class Unlock(Endpoint):
    """The end of a lock."""

    @operation("Unlock an environment", TimesSerializer, errors=(403, 404), request=ReasonSerializer, key="optional")
    def post(self, request: Request, name: str, environment: str) -> Response:
        """Its owner may, and whoever may unlock there."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: self._release(name, environment, reason), required=False)

    def _release(self, name: str, environment: str, reason: str) -> Response:
        locks.release(self.actor, queries.environment_for(self.actor, name, environment), reason=reason)
        return _times(self, name, environment)


class StopHere(Endpoint):
    """The stop button of an environment."""

    @operation(
        "Stop everything in an environment", TimesSerializer, errors=(403, 404), request=StopRequestSerializer, key="optional"
    )
    def post(self, request: Request, name: str, environment: str) -> Response:
        """Nothing begins there until it is lifted; what runs already comes to its end."""
        given = body(request, StopRequestSerializer)
        return once(request, lambda _: self._stop(name, environment, **given), required=False)

    def _stop(self, name: str, environment: str, **given: Any) -> Response:
        stops.stop(self.actor, queries.environment_for(self.actor, name, environment), **given)
        return _times(self, name, environment)


class LiftHere(Endpoint):
    """The end of the stop of an environment."""

    @operation("Lift the stop of an environment", TimesSerializer, errors=(403, 404), request=ReasonSerializer, key="optional")
    def post(self, request: Request, name: str, environment: str) -> Response:
        """Whoever may unlock there; what waits is looked at again at once."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: self._lift(name, environment, reason), required=False)

    def _lift(self, name: str, environment: str, reason: str) -> Response:
        stops.lift(self.actor, queries.environment_for(self.actor, name, environment), reason=reason)
        return _times(self, name, environment)


class StopEverything(Endpoint):
    """The stop button of everything."""

    @operation("Stop everything everywhere", StopSerializer, errors=(403,), request=StopRequestSerializer, key="optional")
    def post(self, request: Request) -> Response:
        """Needs the right to run or to approve everywhere."""
        given = body(request, StopRequestSerializer)
        return once(request, lambda _: Response(StopSerializer(stops.stop(self.actor, None, **given)).data), required=False)


class LiftEverything(Endpoint):
    """The end of the stop of everything."""

    @operation("Lift the stop of everything", StopSerializer, errors=(403,), request=ReasonSerializer, key="optional")
    def post(self, request: Request) -> Response:
        """Needs the right to unlock everywhere. Stops of single environments stay."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: Response(StopSerializer(stops.lift(self.actor, None, reason=reason)).data), required=False)


class OutsideOfWindows(Endpoint):
    """The exception for one change."""

    @operation(
        "Let a change begin outside of its windows",
        ChangeDetailSerializer,
        errors=(403, 404),
        request=ReasonSerializer,
        key="optional",
    )
    def post(self, request: Request, number: int) -> Response:
        """Needs the right to override, and is for nobody who asked for the change. It approves nothing and passes no lock."""
        reason = body(request, ReasonSerializer)["reason"]
        return once(request, lambda _: self._make(number, reason), required=False)

    def _make(self, number: int, reason: str) -> Response:
        changes.except_from_windows(self.actor, number, reason=reason)
        return Response(ChangeDetailSerializer(queries.change_for(self.actor, number)).data)


def _times(view: Endpoint, name: str, environment: str) -> Response:
    found = queries.environment_for(view.actor, name, environment)
    return Response(TimesSerializer(times_of(found, timezone.now())).data)
