"""Deliveries of GitHub (docs.github.com, "Webhook events and payloads")."""

from __future__ import annotations

from collections.abc import Callable

from workloads.hooks.news import LONGEST_REF, MOST_PATHS, OURS, News, addresses_in, changed, commit_in, push_obstacle, ref_of
from workloads.hooks.reading import Node, need

MOST_COMMITS = 2_048  # GitHub lists no more
BUILT = ("opened", "reopened", "synchronize", "ready_for_review")


def read(event: str, sent: Node) -> News:
    """The facts of one delivery; of an event that no rule knows, only that it came."""
    reader = READERS.get(event)
    return reader(sent) if reader else News(event, _repository(sent), action=sent.text("action"), obstacle=NO_RULE)


NO_RULE = "No rule is for such an event."


def _push(sent: Node) -> News:
    ref, tag = ref_of(sent.raw("ref"))
    after, before, head = commit_in(sent, "after"), commit_in(sent, "before"), commit_in(sent, "head_commit", "id")
    deleted, message = sent.flag("deleted"), sent.text("head_commit", "message", most=2_000)
    paths, forced = changed(sent.items("commits")), sent.flag("forced")
    return News(
        event="tag" if tag else "push",
        repository=_repository(sent),
        ref=ref,
        tag=tag,
        commit=head or after,  # of an annotated tag, `after` is the tag
        title=message[:120],
        by=sent.text("pusher", "name"),
        action="deleted" if deleted else "created" if sent.flag("created") else "pushed",
        url=sent.text("compare"),
        forced=forced,
        paths=paths,
        paths_known=bool(before) and not forced and sent.size("commits") < MOST_COMMITS and len(paths) <= MOST_PATHS,
        obstacle=push_obstacle(head or after, deleted=deleted, tag=tag, unchanged=before == after, message=message),
        addresses=addresses_in(sent.at("repository"), "clone_url", "ssh_url", "git_url", "html_url"),
    )


def _pull_request(sent: Node) -> News:
    pull, action = sent.at("pull_request"), sent.text("action", most=40)
    here, there = pull.number("base", "repo", "id"), pull.number("head", "repo", "id")
    obstacle = "" if action in BUILT else f"Nothing is built when a pull request is {action or 'touched'}."
    if pull.flag("draft"):
        obstacle = "It is a draft."
    if here is None or here != there:
        obstacle = "It comes from a fork: what is built there is not ours, and gets nothing of ours."
    return News(
        event="pull_request",
        repository=_repository(sent),
        ref=need(pull.raw("base", "ref", most=LONGEST_REF), "target branch"),
        commit=need(commit_in(pull, "head", "sha"), "commit"),
        title=f"#{pull.number('number') or 0} {pull.text('title', most=120)}",
        by=pull.text("user", "login"),
        action=action,
        url=pull.text("html_url"),
        obstacle=obstacle,
    )


def _workflow_run(sent: Node) -> News:
    run = sent.at("workflow_run")
    conclusion = run.text("conclusion", most=40)
    obstacle = ""
    if sent.raw("action") != "completed" or conclusion != "success":
        obstacle = f"The workflow is not done, or did not succeed ({conclusion or run.text('status', most=40)})."
    if run.number("head_repository", "id") is None or run.number("head_repository", "id") != run.number("repository", "id"):
        obstacle = "It ran for a fork: what is built there is not ours, and gets nothing of ours."
    return News(
        event="workflow_run",
        repository=_repository(sent),
        ref=run.raw("head_branch", most=LONGEST_REF),
        commit=need(commit_in(run, "head_sha"), "commit"),
        title=f"{run.text('name', most=80)} {run.number('run_number') or ''}".strip(),
        by=run.text("actor", "login"),
        action=conclusion or sent.text("action", most=40),
        url=run.text("html_url"),
        obstacle=obstacle,
    )


def _deployment_status(sent: Node) -> News:
    deployment, state = sent.at("deployment"), sent.text("deployment_status", "state", most=40)
    obstacle = "" if state == "success" else f"The deployment is {state or 'of no known state'}."
    if deployment.raw("task").startswith(OURS):
        obstacle = "Timonel itself said so: this is its echo."
    return News(
        event="deployment_status",
        repository=_repository(sent),
        ref=deployment.raw("ref", most=LONGEST_REF),
        commit=need(commit_in(deployment, "sha"), "commit"),
        title=deployment.text("environment", most=120),
        by=deployment.text("creator", "login"),
        action=state,
        url=sent.text("deployment_status", "target_url"),
        obstacle=obstacle,
    )


def _repository(sent: Node) -> str:
    return sent.raw("repository", "full_name")


READERS: dict[str, Callable[[Node], News]] = {
    "push": _push,
    "pull_request": _pull_request,
    "workflow_run": _workflow_run,
    "deployment_status": _deployment_status,
}
