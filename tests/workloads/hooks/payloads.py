"""Documents as the senders write them, trimmed to what may matter; the names are invented."""

from __future__ import annotations

from typing import Any

BEFORE, AFTER, ZERO = "4b1f0c" + "a" * 34, "9d27ee" + "b" * 34, "0" * 40
TAG_OBJECT = "77ac01" + "c" * 34
Document = dict[str, Any]


def github_repository(number: int = 4711, name: str = "harbour/shop") -> Document:
    return {
        "id": number,
        "node_id": "MDEwOlJlcG9zaXRvcnk0NzEx",
        "name": name.rpartition("/")[2],
        "full_name": name,
        "private": True,
        "html_url": f"https://github.example/{name}",
        "clone_url": f"https://github.example/{name}.git",
        "ssh_url": f"git@github.example:{name}.git",
        "git_url": f"git://github.example/{name}.git",
        "default_branch": "main",
    }


def github_commit(sha: str = AFTER, message: str = "Show the tide table", **files: list[str]) -> Document:
    person = {"name": "Dana Ruiz", "email": "dana@harbour.example", "username": "dana"}
    return {
        "id": sha,
        "tree_id": "1" * 40,
        "distinct": True,
        "message": message,
        "timestamp": "2026-03-02T09:12:44+01:00",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": ["shop/views.py"],
        **files,
    }


def github_push(ref: Any = "refs/heads/main", after: str = AFTER, before: str = BEFORE, **more: Any) -> Document:
    head = github_commit(after) if after != ZERO else None
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "repository": github_repository(),
        "pusher": {"name": "dana", "email": "dana@harbour.example"},
        "sender": {"login": "dana", "id": 21, "type": "User"},
        "created": before == ZERO,
        "deleted": after == ZERO,
        "forced": False,
        "base_ref": None,
        "compare": "https://github.example/harbour/shop/compare/4b1f0ca...9d27eeb",
        "commits": [head] if head else [],
        "head_commit": head,
        **more,
    }


def github_pull_request(action: str = "synchronize", head_repository: int = 4711, **more: Any) -> Document:
    return {
        "action": action,
        "number": 12,
        "pull_request": {
            "number": 12,
            "state": "open",
            "title": "Show the tide table",
            "draft": False,
            "html_url": "https://github.example/harbour/shop/pull/12",
            "user": {"login": "dana"},
            "head": {"ref": "tides", "sha": AFTER, "repo": github_repository(head_repository)},
            "base": {"ref": "main", "sha": BEFORE, "repo": github_repository()},
            **more,
        },
        "repository": github_repository(),
        "sender": {"login": "dana"},
    }


def github_workflow_run(conclusion: str | None = "success", head_repository: int = 4711) -> Document:
    return {
        "action": "completed" if conclusion else "in_progress",
        "workflow_run": {
            "id": 30433642,
            "name": "Build",
            "head_branch": "main",
            "head_sha": AFTER,
            "run_number": 562,
            "event": "push",
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
            "html_url": "https://github.example/harbour/shop/actions/runs/30433642",
            "actor": {"login": "dana"},
            "repository": github_repository(),
            "head_repository": github_repository(head_repository),
        },
        "repository": github_repository(),
    }


def github_deployment_status(state: str = "success", task: str = "deploy") -> Document:
    return {
        "action": "created",
        "deployment_status": {"id": 9, "state": state, "target_url": "https://ci.example/9", "environment": "staging"},
        "deployment": {
            "id": 145988746,
            "sha": AFTER,
            "ref": "main",
            "task": task,
            "environment": "staging",
            "creator": {"login": "dana"},
        },
        "repository": github_repository(),
    }


def gitlab_project(number: int = 15) -> Document:
    return {
        "id": number,
        "name": "shop",
        "web_url": "https://gitlab.example/harbour/shop",
        "git_http_url": "https://gitlab.example/harbour/shop.git",
        "git_ssh_url": "ssh://git@gitlab.example:2222/harbour/shop.git",
        "path_with_namespace": "harbour/shop",
        "default_branch": "main",
    }


def gitlab_push(ref: str = "refs/heads/main", after: str = AFTER, before: str = BEFORE, **more: Any) -> Document:
    commit = {"id": after, "message": "Show the tide table", "added": [], "modified": ["shop/views.py"], "removed": []}
    tag = ref.startswith("refs/tags/")
    return {
        "object_kind": "tag_push" if tag else "push",
        "before": before,
        "after": after,
        "ref": ref,
        "checkout_sha": None if after == ZERO else after,
        "user_username": "dana",
        "user_email": "[REDACTED]",
        "project_id": 15,
        "project": gitlab_project(),
        "commits": [] if tag or after == ZERO else [commit],
        "total_commits_count": 0 if tag or after == ZERO else 1,
        **more,
    }


def gitlab_merge_request(action: str = "open", source: int = 15, **more: Any) -> Document:
    return {
        "object_kind": "merge_request",
        "user": {"username": "dana"},
        "project": gitlab_project(),
        "object_attributes": {
            "iid": 4,
            "title": "Show the tide table",
            "source_branch": "tides",
            "target_branch": "main",
            "source_project_id": source,
            "target_project_id": 15,
            "last_commit": {"id": AFTER, "message": "Show the tide table"},
            "draft": False,
            "action": action,
            "url": "https://gitlab.example/harbour/shop/-/merge_requests/4",
            **more,
        },
    }


def gitlab_pipeline(status: str = "success", **more: Any) -> Document:
    return {
        "object_kind": "pipeline",
        "object_attributes": {"id": 31, "ref": "main", "tag": False, "sha": AFTER, "source": "push", "status": status},
        "merge_request": None,
        "user": {"username": "dana"},
        "project": gitlab_project(),
        "commit": {"id": AFTER, "title": "Show the tide table"},
        **more,
    }


def gitlab_deployment(status: str = "success", deployable: int | None = 796) -> Document:
    return {
        "object_kind": "deployment",
        "status": status,
        "deployable_id": deployable,
        "deployable_url": "https://gitlab.example/harbour/shop/-/jobs/796",
        "environment": "staging",
        "project": gitlab_project(),
        "short_sha": AFTER[:8],
        "user": {"username": "dana"},
        "commit_url": f"https://gitlab.example/harbour/shop/-/commit/{AFTER}",
        "commit_title": "Show the tide table",
        "ref": "main",
    }


def alertmanager(*alerts: Document, **more: Any) -> Document:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="SlowPages"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "timonel",
        "groupLabels": {"alertname": "SlowPages"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts) or [alert()],
        **more,
    }


def alert(status: str = "firing", fingerprint: str = "c0ffee0123456789", name: str = "SlowPages") -> Document:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "page", "instance": "shop-1"},
        "annotations": {"summary": "Pages take longer than two seconds."},
        "startsAt": "2026-03-02T08:00:00.000Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-02T08:30:00.000Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=slow",
        "fingerprint": fingerprint,
    }


def generic(**more: Any) -> Document:
    return {"repository": "harbour/shop", "ref": "main", "commit": AFTER, "title": "Show the tide table", "by": "dana", **more}
