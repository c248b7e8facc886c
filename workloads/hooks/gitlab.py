"""Deliveries of GitLab (docs.gitlab.com, "Webhook events")."""

from __future__ import annotations

from collections.abc import Callable

from workloads.hooks.github import NO_RULE
from workloads.hooks.news import LONGEST_REF, MOST_PATHS, News, addresses_in, changed, commit_in, push_obstacle, ref_of
from workloads.hooks.reading import Node, need

BUILT = ("open", "reopen", "update")


def read(event: str, sent: Node) -> News:
    """The facts of one delivery; of an event that no rule knows, only that it came."""
    reader = READERS.get(event)
    return reader(sent) if reader else News(event, _repository(sent), obstacle=NO_RULE)


def _push(sent: Node) -> News:
    ref, tag = ref_of(sent.raw("ref"))
    after, before, commit = commit_in(sent, "after"), commit_in(sent, "before"), commit_in(sent, "checkout_sha")
    commits, paths = sent.items("commits"), changed(sent.items("commits"))
    message = next((one.text("message", most=2_000) for one in commits if one.raw("id") == commit), "")
    return News(
        event="tag" if tag else "push",
        repository=_repository(sent),
        ref=ref,
        tag=tag,
        commit=commit or after,  # of an annotated tag, `after` is the tag
        title=message[:120],
        by=sent.text("user_username") or sent.text("user_name"),
        action="deleted" if not after else "pushed" if before else "created",
        url=sent.text("project", "web_url"),
        paths=paths,
        # Only the newest 20 are listed; and whether a push was forced is not said, so that one that lists nothing is not known.
        paths_known=bool(before and commits) and sent.number("total_commits_count") == len(commits) and len(paths) <= MOST_PATHS,
        obstacle=push_obstacle(commit or after, deleted=not after, tag=tag, unchanged=before == after, message=message),
        addresses=addresses_in(sent.at("project"), "git_http_url", "git_ssh_url", "web_url"),
    )


def _merge_request(sent: Node) -> News:
    merge = sent.at("object_attributes")
    action = merge.text("action", most=40)
    obstacle = "" if action in BUILT else f"Nothing is built on '{action}' of a merge request."
    if action == "update" and not merge.raw("oldrev"):
        obstacle = "No commit was added to it."
    if merge.flag("draft") or merge.flag("work_in_progress"):
        obstacle = "It is a draft."
    if merge.number("source_project_id") is None or merge.number("source_project_id") != merge.number("target_project_id"):
        obstacle = "It comes from a fork: what is built there is not ours, and gets nothing of ours."
    return News(
        event="pull_request",
        repository=_repository(sent),
        ref=need(merge.raw("target_branch", most=LONGEST_REF), "target branch"),
        commit=need(commit_in(merge, "last_commit", "id"), "commit"),
        title=f"!{merge.number('iid') or 0} {merge.text('title', most=120)}",
        by=sent.text("user", "username"),
        action=action,
        url=merge.text("url"),
        obstacle=obstacle,
    )


def _pipeline(sent: Node) -> News:
    pipeline = sent.at("object_attributes")
    state = pipeline.text("status", most=40)
    obstacle = "" if state == "success" else f"The pipeline is {state or 'of no known state'}."
    if pipeline.raw("source") == "external_pull_request_event" or _for_fork(sent):
        obstacle = "It ran for a fork: what is built there is not ours, and gets nothing of ours."
    return News(
        event="workflow_run",
        repository=_repository(sent),
        ref=pipeline.raw("ref", most=LONGEST_REF),
        tag=pipeline.flag("tag"),
        commit=need(commit_in(pipeline, "sha"), "commit"),
        title=f"#{pipeline.number('id') or 0} {sent.text('commit', 'title', most=120)}",
        by=sent.text("user", "username"),
        action=state,
        url=pipeline.text("url"),
        obstacle=obstacle,
    )


def _for_fork(sent: Node) -> bool:
    merge = sent.at("merge_request")
    return merge.value is not None and merge.number("source_project_id") != merge.number("target_project_id")


def _deployment(sent: Node) -> News:
    state, name = sent.text("status", most=40), sent.text("environment", most=120)
    obstacle = "" if state == "success" else f"The deployment is {state or 'of no known state'}."
    if sent.number("deployable_id") is None:  # no job of theirs made it: an API did, as ours does
        obstacle = "It was told to GitLab by a program, as Timonel itself does: this may be its echo."
    # Of the commit only a short hash and an address that ends in the whole one are sent.
    whole = sent.raw("commit_url", most=1_000).rpartition("/")[2]
    commit = commit_in(Node({"sha": whole}), "sha")
    return News(
        event="deployment_status",
        repository=_repository(sent),
        ref=sent.raw("ref", most=LONGEST_REF),
        commit=need(commit, "commit"),
        title=name,
        by=sent.text("user", "username"),
        action=state,
        url=sent.text("deployable_url"),
        obstacle=obstacle,
    )


def _repository(sent: Node) -> str:
    return sent.raw("project", "path_with_namespace")


READERS: dict[str, Callable[[Node], News]] = {
    "Push Hook": _push,
    "Tag Push Hook": _push,
    "Merge Request Hook": _merge_request,
    "Pipeline Hook": _pipeline,
    "Deployment Hook": _deployment,
}
