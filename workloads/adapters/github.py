"""GitHub told how things stand: commit statuses and deployment statuses (docs.github.com, REST API, version 2022-11-28)."""

from __future__ import annotations

from urllib.parse import urlencode

from workloads.adapters.forge import Forge, ask
from workloads.hooks.news import OURS
from workloads.telling import Saying, Told

API = "https://api.github.com"
COMMIT_STATES = {"running": "pending"}
DEPLOYMENT_STATES = {"pending": "queued", "running": "in_progress"}


def forge(url: str, token: str, private: bool) -> Forge:
    """The API with our token."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "Timonel",
    }
    return Forge(url or API, headers, private)


def tell_commit(place: Forge, saying: Saying) -> Told:
    """The status of a commit in a context; the newest of a context is the one that counts."""
    body = {
        "state": COMMIT_STATES.get(saying.state, saying.state),
        "context": saying.context,
        "description": saying.description[:140],
        **({"target_url": saying.link} if saying.link else {}),
    }
    return Told(moved=ask(place, "POST", f"/repos/{saying.repository}/statuses/{saying.commit}", body).moved)


def tell_deployment(place: Forge, saying: Saying) -> Told:
    """The status of the deployment of a commit, made first where there is none."""
    number = saying.remote or _made_before(place, saying) or _make(place, saying)
    body = {
        "state": DEPLOYMENT_STATES.get(saying.state, saying.state),
        "description": saying.description[:140],
        **({"log_url": saying.link} if saying.link else {}),
    }
    answer = ask(place, "POST", f"/repos/{saying.repository}/deployments/{number}/statuses", body)
    return Told(number, moved=answer.moved)


def _made_before(place: Forge, saying: Saying) -> str:
    """The deployment that a try before this one made, if its answer was lost."""
    query = urlencode({"sha": saying.commit, "environment": saying.environment, "task": OURS, "per_page": 1})
    found = ask(place, "GET", f"/repos/{saying.repository}/deployments?{query}").data
    return str(found[0]["id"]) if isinstance(found, list) and found and isinstance(found[0], dict) and found[0].get("id") else ""


def _make(place: Forge, saying: Saying) -> str:
    body = {
        "ref": saying.commit,
        "task": OURS,  # its echo, a deployment_status event, is known by this
        "environment": saying.environment,
        "description": saying.description[:140],
        "auto_merge": False,
        "required_contexts": [],
    }
    return str(ask(place, "POST", f"/repos/{saying.repository}/deployments", body).data.get("id", ""))
