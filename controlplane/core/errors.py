"""The errors of Timonel. The user's say what is wrong and how to mend it; ours are logged."""

from controlplane.core.redaction import redact


class TimonelError(Exception):
    """What went wrong in words for the person who asked, and the cure where one is known. Redacted as it is made."""

    code = "error"
    status = 500

    def __init__(self, message: str, *, cure: str = "") -> None:
        self.message = redact(str(message))
        self.cure = redact(str(cure))
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()


class Invalid(TimonelError):
    """The input is wrong."""

    code = "invalid"
    status = 400


class Refused(TimonelError):
    """The person may not do this, or policy says no."""

    code = "refused"
    status = 403


class NotFound(TimonelError):
    """There is no such thing, or none this person may see."""

    code = "not_found"
    status = 404


class Conflict(TimonelError):
    """The thing has moved on since it was looked at."""

    code = "conflict"
    status = 409


class OutsideError(TimonelError):
    """A system outside Timonel failed or answered nonsense; its own error is the cause."""

    code = "outside"
    status = 502


class DeadlineExceeded(OutsideError):
    """A system outside Timonel did not answer in time."""

    code = "deadline_exceeded"
    status = 504


class LeaseLost(TimonelError):
    """Another worker holds this run now; whoever sees this stops at once and writes nothing more."""

    code = "lease_lost"
    status = 409
