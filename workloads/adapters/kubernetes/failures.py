"""What a cluster can answer instead of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from controlplane.core.errors import DeadlineExceeded, OutsideError

# As the API server's authoriser words it; other refusals (quota, pod security) have the same status and name no right.
RIGHT = re.compile(
    r'cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)?'
)


class ApiFailure(OutsideError):
    """The API server said no. `http` is its status, `reason` its word for it ("Forbidden", "Conflict", ...)."""

    def __init__(self, message: str, *, http: int = 0, reason: str = "", retry_after: float | None = None, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.http, self.reason, self.retry_after = http, reason, retry_after


class Forbidden(ApiFailure):
    """The identity may not: `right` names what it lacks ("patch deployments.apps in shop"); empty: quota or admission said no."""

    def __init__(self, message: str, *, http: int = 0, reason: str = "", retry_after: float | None = None, cure: str = "") -> None:
        self.right = _right(message)
        lacks = f"Grant the identity the right to {self.right}; the cluster's page has the manifests." if self.right else cure
        super().__init__(message, http=http, reason=reason, retry_after=retry_after, cure=lacks)


class Unauthorized(ApiFailure):
    """The cluster does not know these credentials, or no longer."""


class Absent(ApiFailure):
    """There is no such object, or no such kind of object."""


class Rejected(ApiFailure):
    """The object is wrong; the message names the field."""


class Gone(ApiFailure):
    """The resource version is too old: list again."""


class Clash(ApiFailure):
    """409: somebody else owns a field, or the object has moved on, or is there already (`reason` says which)."""


class Busy(ApiFailure):
    """429 or 503: asked too often, or not ready; nothing was done. `retry_after` in seconds where the server says."""


class Failing(ApiFailure):
    """500, 502 or 504: the server met an error of its own while reading (over a write it is Unclear)."""


class Unreachable(ApiFailure):
    """No answer, or half of one. A write did not arrive, unless this is Unclear."""


class Late(Unreachable, DeadlineExceeded):
    """No answer within the deadline."""

    code = DeadlineExceeded.code
    status = DeadlineExceeded.status


class Unclear(Unreachable):
    """A write that may have been done: the connection ended or the server failed over it. Look before doing it again."""


FAILURES: dict[int, type[ApiFailure]] = {
    400: Rejected,
    401: Unauthorized,
    403: Forbidden,
    404: Absent,
    409: Clash,
    410: Gone,
    415: Rejected,
    422: Rejected,
    429: Busy,
    500: Failing,
    502: Failing,
    503: Busy,
    504: Failing,
}
# Server-side apply says so with 500, though nothing is wrong with the server and nothing was written.
NO_SUCH_FIELD = "failed to create typed patch object"
CURES = {
    401: "The credentials have expired or were taken back: connect the cluster again with new ones.",
    429: "The cluster limits how often it is asked; try again in a moment.",
}


def failure(http: int, status: Mapping[str, Any], headers: Mapping[str, str], *, writing: bool = False) -> ApiFailure:
    """The error that an answer of the API is. A write that met a server's own error is Unclear."""
    after = headers.get("Retry-After", "")
    wait = float(after) if after.isdigit() else None
    kind = Rejected if http == 500 and NO_SUCH_FIELD in str(status.get("message")) else FAILURES.get(http, ApiFailure)
    if writing and (kind is Failing or (http == 503 and wait is None)):
        kind = Unclear
    message = str(status.get("message") or f"The cluster answered with HTTP {http}.")
    return kind(message, http=http, reason=str(status.get("reason", "")), retry_after=wait, cure=CURES.get(http, ""))


def _right(message: str) -> str:
    found = RIGHT.search(message)
    if found is None:
        return ""
    resource = found["resource"] + (f".{found['group']}" if found["group"] else "")
    return f"{found['verb']} {resource}" + (f" in {found['namespace']}" if found["namespace"] else " in the whole cluster")
