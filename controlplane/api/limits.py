"""How often one caller may ask: counted by minute in the shared cache, for all web processes together."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from redis import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from controlplane.core.addresses import address_of
from controlplane.core.models import ApiToken

log = logging.getLogger(__name__)
WINDOW = 60  # seconds
READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Count:
    """How often something was asked in this minute, and how often it may be."""

    key: str
    most: int

    def exceeded(self) -> bool:
        """Count once more. A cache that is away refuses nobody."""
        key = f"api/{self.key}/{int(time.time() // WINDOW)}"
        try:
            cache.add(key, 0, 2 * WINDOW)
            return cache.incr(key) > self.most
        except (RedisError, ValueError) as error:  # away, or gone between the two
            log.warning("could not count %s: %s", self.key, error)
            return False


class OfCaller(BaseThrottle):
    """By token, otherwise by person, otherwise by address; reads and writes apart."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this request is within the minute's limit."""
        return not _count_of(request).exceeded()

    def wait(self) -> float:
        """Seconds until the next minute."""
        return left()


def count_stranger(request: Request) -> None:
    """Count a request of somebody unknown by address; raise Throttled when there were too many."""
    if Count(f"address/{address_of(request)}", settings.API_STRANGERS_A_MINUTE).exceeded():
        raise Throttled(wait=left())


def left() -> float:
    """Seconds until a new minute begins; never 0."""
    return WINDOW - time.time() % WINDOW


def _count_of(request: Request) -> Count:
    kind, most = ("reads", settings.API_READS_A_MINUTE) if request.method in READS else ("writes", settings.API_WRITES_A_MINUTE)
    if isinstance(request.auth, ApiToken):
        return Count(f"token/{request.auth.pk}/{kind}", most)
    if request.user.is_authenticated:
        return Count(f"person/{request.user.pk}/{kind}", most)
    return Count(f"address/{address_of(request)}", settings.API_STRANGERS_A_MINUTE)
