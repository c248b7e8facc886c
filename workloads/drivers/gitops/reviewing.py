"""Through a pull request: opened once, watched until a person merges or closes it, found again by its branch."""

from __future__ import annotations

import time

from controlplane.core.errors import Invalid, OutsideError, TimonelError
from workloads.adapters import pull_requests
from workloads.adapters.commits import Made, Planned
from workloads.adapters.pull_requests import Door, PullRequest
from workloads.drivers.gitops import committing
from workloads.drivers.gitops.committing import Home
from workloads.drivers.kubernetes.errand import Errand
from workloads.models import GitOpsRepository

LOOK_SECONDS = 10.0
PATIENCE = 3600.0  # seconds until a person has merged it; `Target.options["gitops"]["merge_seconds"]`


class NotMerged(TimonelError):
    """A person closed it, or nobody merged it in time: nothing was changed."""

    code = "not_merged"
    status = 409


def through_a_pull_request(job: Errand, home: Home, planned: Planned) -> Made:
    """The commit as the branch has it once it was merged. Raises NotMerged."""
    found = _merged(home, planned.key)
    if found is not None:
        return found
    branch = branch_of(planned.key)
    made = home.repository.commit(planned, committing.deadline(), branch)
    asked = request(home, branch, planned.message)
    job.say(f"Waiting for a person to merge {asked.called}")
    return _until_merged(job, home, planned, made, asked)


def request(home: Home, branch: str, message: str) -> PullRequest:
    """The pull request of a branch; opened where nothing did before. The first line of the message is its title."""
    door, (subject, _, body) = door_of(home.row), message.partition("\n")
    return pull_requests.find(door, branch) or pull_requests.open_one(door, branch, home.row.branch, subject, body.strip())


def branch_of(key: str) -> str:
    """The branch of a pull request: the same for the same step."""
    return "timonel/" + "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in key)[:100]


def door_of(row: GitOpsRepository) -> Door:
    """The forge's API with our token. Raises Invalid, saying what to set."""
    if not row.forge or not row.forge_repository or not row.token:
        raise Invalid(
            "No forge is set for pull requests.",
            cure="Set the forge, the repository's name there and a token, at the GitOps repository in the administration.",
        )
    return pull_requests.door(row.forge, row.forge_repository, row.api_url, row.token, private=row.private)


def _until_merged(job: Errand, home: Home, planned: Planned, made: Made, asked: PullRequest) -> Made:
    door, until = door_of(home.row), time.monotonic() + _patience(job)
    while True:
        try:
            asked = pull_requests.look(door, asked)
        except OutsideError as error:
            job.say(f"The forge does not answer: {error.message}", level="warning")
        if asked.merged:
            return _arrived(home, planned, made)
        if asked.closed or time.monotonic() > until:
            why = "closed without being merged" if asked.closed else f"not merged within {_patience(job) / 60:.0f} minutes"
            pull_requests.close(door, asked)
            home.repository.fetch(committing.deadline())
            home.repository.delete(branch_of(planned.key), committing.deadline())
            raise NotMerged(f"{asked.called} was {why}.", cure="Deploy again once it may be merged.")
        time.sleep(LOOK_SECONDS)


def _arrived(home: Home, planned: Planned, made: Made) -> Made:
    """The newest commit of the branch that holds what was reviewed; a squash or a rebase gives it another name."""
    home.repository.fetch(committing.deadline())
    head = home.repository.head()
    found = _merged(home, planned.key)
    if found is not None and found.tree == made.tree:
        return found
    if home.repository.tree(head) != made.tree:
        raise NotMerged("What was merged is not what Timonel proposed.", cure="Look at the branch: somebody changed it on the way.")
    return Made(head, made.tree)


def _merged(home: Home, key: str) -> Made | None:
    home.repository.fetch(committing.deadline())
    return home.repository.find(key)


def _patience(job: Errand) -> float:
    given = job.target.options.get("gitops", {}) if isinstance(job.target.options, dict) else {}
    return float(given.get("merge_seconds", PATIENCE)) if isinstance(given, dict) else PATIENCE
