"""What a cluster can answer instead of what was asked for."""

from __future__ import annotations

from controlplane.core.errors import OutsideError


class ApiFailure(OutsideError):
    """The API server said no. `http` is its status, `reason` its word for it ("Forbidden", "Conflict", ...)."""

    def __init__(self, message: str, *, http: int = 0, reason: str = "", retry_after: float | None = None, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.http, self.reason, self.retry_after = http, reason, retry_after


class Forbidden(ApiFailure):
    """The identity lacks a right; the message names it as the server does."""


class Gone(ApiFailure):
    """The resource version is too old: list again."""


class Clash(ApiFailure):
    """409: somebody else owns a field, or the object has moved on."""


class Busy(ApiFailure):
    """429 or 503: asked too often; `retry_after` in seconds where the server says."""


class Unreachable(ApiFailure):
    """No answer, or half of one: whether a write arrived is not known."""
