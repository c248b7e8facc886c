"""Exit codes: the verdict of a run, for whoever calls from a script."""

from __future__ import annotations

from agents.models import Run
from controlplane.core.errors import Invalid, NotFound, Refused, TimonelError
from workloads.models import Deployment
from workloads.verdicts import Verdict

OK, FAILED, USAGE, STOPPED, ROLLED_BACK, WAITING, REFUSED, UNVERIFIED = range(8)
HELP = (
    "Exit codes: 0 promoted and verified; 1 failed; 2 usage; 3 stopped by a check; 4 rolled back; 5 waiting for a person "
    "or a window; 6 refused, by policy or a person; 7 live without having been verified, by a person's decision."
)
CODES = {
    Run.Status.STOPPED: STOPPED,
    Run.Status.ROLLED_BACK: ROLLED_BACK,
    Run.Status.WAITING: WAITING,
    Run.Status.REFUSED: REFUSED,
}


def code_of(run: Run) -> int:
    """The exit code of a run that ended or waits; 0 only for what was verified."""
    if run.status != Run.Status.SUCCEEDED:
        return CODES.get(Run.Status(run.status), FAILED)
    deployment = Deployment.objects.filter(pk=run.result.get("deployment")).first()
    return OK if deployment is not None and deployment.verdict == Verdict.PASSED else UNVERIFIED


def code_of_error(error: TimonelError) -> int:
    """The exit code of a request that was not even begun."""
    if isinstance(error, Refused):
        return REFUSED
    return USAGE if isinstance(error, Invalid | NotFound) else FAILED
