"""Facts from documents: what is there is read, what is hostile is refused or bounded, what must not deploy says why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.workloads.hooks import payloads as p
from tests.workloads.hooks.senders import text
from workloads.hooks.news import News
from workloads.hooks.parsing import parse
from workloads.hooks.reading import Unreadable


def github(event: str, document: Any) -> News:
    return parse("github", event, text(document))


def gitlab(event: str, document: Any) -> News:
    return parse("gitlab", event, text(document))


@pytest.mark.parametrize("news", [github("push", p.github_push()), gitlab("Push Hook", p.gitlab_push())], ids=["github", "gitlab"])
def test_a_push_is_its_branch_its_commit_and_its_files(news: News) -> None:
    assert (news.event, news.repository, news.ref, news.commit) == ("push", "harbour/shop", "main", p.AFTER)
    assert (news.paths, news.paths_known, news.obstacle, news.by) == (("shop/views.py",), True, "", "dana")


def test_what_is_kept_of_it_gives_it_back() -> None:
    for news in (github("push", p.github_push()), parse("alertmanager", "alert", text(p.alertmanager()))):
        assert News.of(json.loads(json.dumps(news.as_json()))) == news


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/v1"])
def test_a_deleted_branch_or_tag_deploys_nothing(ref: str) -> None:
    for news in (github("push", p.github_push(ref, after=p.ZERO)), gitlab("Push Hook", p.gitlab_push(ref, after=p.ZERO))):
        assert "was deleted" in news.obstacle


def test_a_new_branch_deploys_and_its_files_are_not_known() -> None:
    for news in (github("push", p.github_push(before=p.ZERO)), gitlab("Push Hook", p.gitlab_push(before=p.ZERO))):
        assert (news.obstacle, news.paths_known) == ("", False)


def test_a_push_that_changes_nothing_deploys_nothing() -> None:
    for news in (github("push", p.github_push(before=p.AFTER)), gitlab("Push Hook", p.gitlab_push(before=p.AFTER))):
        assert "changed nothing" in news.obstacle


def test_a_forced_push_deploys_and_its_files_are_not_known() -> None:
    news = github("push", p.github_push(forced=True))
    assert (news.obstacle, news.forced, news.paths_known) == ("", True, False)


def test_a_list_of_commits_that_is_not_whole_is_not_known() -> None:
    assert not gitlab("Push Hook", p.gitlab_push(total_commits_count=40)).paths_known
    assert not gitlab("Push Hook", p.gitlab_push(commits=[], total_commits_count=0)).paths_known
    assert not github("push", p.github_push(commits=[p.github_commit()] * 2_048)).paths_known
    many = [p.github_commit(modified=[f"shop/{n}.py" for n in range(1_001)])]
    assert not github("push", p.github_push(commits=many)).paths_known


def test_of_an_annotated_tag_the_commit_is_deployed_and_not_the_tag() -> None:
    document = p.github_push("refs/tags/v1", after=p.TAG_OBJECT, head_commit=p.github_commit())
    for news in (
        github("push", document),
        gitlab("Tag Push Hook", p.gitlab_push("refs/tags/v1", p.TAG_OBJECT, checkout_sha=p.AFTER)),
    ):
        assert (news.event, news.tag, news.ref, news.commit, news.obstacle) == ("tag", True, "v1", p.AFTER, "")


@pytest.mark.parametrize("words", ["[skip ci]", "Typo [CI skip]", "[no ci] x", "[skip timonel]"])
def test_a_commit_that_asks_not_to_be_built_is_not(words: str) -> None:
    assert "not to be built" in github("push", p.github_push(head_commit=p.github_commit(message=words))).obstacle
    commits = [{"id": p.AFTER, "message": words, "modified": ["a"]}]
    assert "not to be built" in gitlab("Push Hook", p.gitlab_push(commits=commits)).obstacle


def test_a_request_to_merge_is_its_newest_commit() -> None:
    for news in (
        github("pull_request", p.github_pull_request()),
        gitlab("Merge Request Hook", p.gitlab_merge_request()),
        gitlab("Merge Request Hook", p.gitlab_merge_request("update", oldrev=p.BEFORE)),
    ):
        assert (news.event, news.ref, news.commit, news.obstacle) == ("pull_request", "main", p.AFTER, "")


@pytest.mark.parametrize("draft", [{}, {"draft": True}])
def test_what_comes_from_a_fork_never_deploys(draft: dict[str, Any]) -> None:
    found = [
        github("pull_request", p.github_pull_request("opened", 99, **draft)),
        github("pull_request", p.github_pull_request("opened", **draft, head={"sha": p.AFTER, "repo": None})),
        github("workflow_run", p.github_workflow_run(head_repository=99)),
        gitlab("Merge Request Hook", p.gitlab_merge_request("open", 99, **draft)),
        gitlab("Pipeline Hook", p.gitlab_pipeline(merge_request={"source_project_id": 99, "target_project_id": 15})),
    ]
    assert all("fork" in news.obstacle for news in found)


def test_a_draft_and_a_comment_build_nothing() -> None:
    assert github("pull_request", p.github_pull_request(draft=True)).obstacle == "It is a draft."
    assert gitlab("Merge Request Hook", p.gitlab_merge_request(draft=True)).obstacle == "It is a draft."
    for action in ("closed", "labeled", "assigned"):
        assert action in github("pull_request", p.github_pull_request(action)).obstacle
    for action in ("merge", "close", "approved"):
        assert action in gitlab("Merge Request Hook", p.gitlab_merge_request(action)).obstacle
    assert "No commit" in gitlab("Merge Request Hook", p.gitlab_merge_request("update")).obstacle


def test_a_pipeline_deploys_when_it_succeeded() -> None:
    assert github("workflow_run", p.github_workflow_run()).obstacle == ""
    assert gitlab("Pipeline Hook", p.gitlab_pipeline()).obstacle == ""
    assert github("workflow_run", p.github_workflow_run("failure")).obstacle
    assert github("workflow_run", p.github_workflow_run(None)).obstacle
    assert gitlab("Pipeline Hook", p.gitlab_pipeline("failed")).obstacle


def test_a_deployment_elsewhere_counts_when_it_succeeded_and_is_no_echo_of_ours() -> None:
    assert github("deployment_status", p.github_deployment_status()).obstacle == ""
    assert gitlab("Deployment Hook", p.gitlab_deployment()).obstacle == ""
    assert github("deployment_status", p.github_deployment_status("failure")).obstacle
    assert gitlab("Deployment Hook", p.gitlab_deployment("running")).obstacle
    assert "echo" in github("deployment_status", p.github_deployment_status(task="timonel")).obstacle
    assert "echo" in gitlab("Deployment Hook", p.gitlab_deployment(deployable=None)).obstacle


def test_an_event_that_no_rule_knows_is_noted() -> None:
    assert github("star", {"action": "created", "repository": p.github_repository()}).obstacle
    assert github("ping", {"zen": "Calm seas.", "hook_id": 1}).event == "ping"
    assert gitlab("Note Hook", {"project": p.gitlab_project()}).repository == "harbour/shop"


def test_alerts_are_read_one_by_one() -> None:
    news = parse("alertmanager", "alert", text(p.alertmanager(p.alert(), p.alert("resolved", "d00d"))))
    assert [(alert.fingerprint, alert.firing) for alert in news.alerts] == [("c0ffee0123456789", True), ("d00d", False)]
    assert news.alerts[0].summary == "Pages take longer than two seconds."


def test_alerts_without_a_fingerprint_get_one_of_their_labels() -> None:
    one, two = ({**p.alert(), "labels": {"alertname": name}, "fingerprint": None} for name in ("A", "B"))
    news = parse("alertmanager", "alert", text(p.alertmanager(one, two, one)))
    prints = [alert.fingerprint for alert in news.alerts]
    assert prints[0] == prints[2] != prints[1]


def test_every_alert_is_read_however_many_there_are() -> None:
    news = parse("alertmanager", "alert", text(p.alertmanager(*[p.alert(fingerprint=f"{n:016x}") for n in range(1_203)])))
    assert len({alert.identity for alert in news.alerts}) == 1_203


def test_more_alerts_than_can_be_read_are_refused_and_none_is_dropped() -> None:
    with pytest.raises(Unreadable, match=r"more than 10,000 alerts\. .*max_alerts"):
        parse("alertmanager", "alert", text(p.alertmanager(*[{"status": "firing", "labels": {}}] * 10_001)))


def test_a_typing_error_in_a_generic_document_is_told() -> None:
    assert parse("generic", "generic", text(p.generic(paths=["a.py"]))).paths_known
    with pytest.raises(Unreadable, match="committ"):
        parse("generic", "generic", text(p.generic(committ="x")))


HOSTILE: list[Any] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"push"',
    b"\xff\xfe",
    b'{"ref": NaN}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"ref": ' + b"1" * 5_000 + b"}",
    text({}),
    text(p.github_push(ref=None)),
    text(p.github_push(ref=["refs/heads/main"])),
    text(p.github_push(ref="main")),
    text(p.github_push(ref="refs/heads/")),
    text(p.github_push(ref="refs/heads/" + "x" * 500)),
    text(p.github_push(ref="refs/heads/a\nb")),
    text(p.github_push(after="9d27ee")),
    text(p.github_push(after="HEAD")),
    text(p.github_push(after=p.AFTER.upper())),
    text(p.github_push(after="--upload-pack=x" + "a" * 25)),
    text(p.github_push(head_commit={"id": "g" * 40})),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_document_that_is_none_is_unreadable(body: bytes) -> None:
    for kind, event in (("github", "push"), ("gitlab", "Push Hook"), ("alertmanager", "alert"), ("generic", "generic")):
        if kind != "github" and b"repository" in body:
            continue
        with pytest.raises(Unreadable):
            parse(kind, event, body)


def test_types_that_are_wrong_read_as_nothing() -> None:
    document = p.github_push(commits={"a": 1}, pusher=[], repository="harbour/shop", forced="yes", head_commit=7)
    news = github("push", document)
    assert (news.repository, news.by, news.forced, news.paths) == ("", "", False, ())


def test_texts_are_bounded_redacted_and_of_one_line() -> None:
    message = "Rotate password=hunter2hunter2\x00\x1b[31m\u202e " + "x" * 100_000
    news = github("push", p.github_push(head_commit=p.github_commit(message=message)))
    assert len(news.title) <= 120
    assert "hunter2" not in news.title
    assert news.title.isprintable()
