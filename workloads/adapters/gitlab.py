"""GitLab told how things stand: commit statuses and deployments (docs.gitlab.com, REST API, version 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from workloads.adapters.forge import Forge, Reply, ask, refusal
from workloads.telling import Saying, Told

API = "https://gitlab.com/api/v4"
STATES = {"failure": "failed", "error": "canceled"}
ALREADY = "cannot transition status"
MOVED = "moved projects"
NO_WAITING = "GitLab knows no deployment that waits: it is told when it runs."


def forge(url: str, token: str, private: bool) -> Forge:
    """The API with our token."""
    return Forge(url or API, {"PRIVATE-TOKEN": token, "User-Agent": "Timonel"}, private)


def tell_commit(place: Forge, saying: Saying) -> Told:
    """The status of a commit under a name. That it stands so already is as good as told."""
    body = {
        "state": STATES.get(saying.state, saying.state),
        "name": saying.context,
        "description": saying.description[:140],
        **({"target_url": saying.link} if saying.link else {}),
    }
    return Told(moved=_ask(place, "POST", saying, f"/statuses/{saying.commit}", body).moved)


def tell_deployment(place: Forge, saying: Saying) -> Told:
    """The status of the deployment of a commit, made first where there is none."""
    if saying.state == "pending":
        return Told(saying.remote, note=NO_WAITING)
    state, number = STATES.get(saying.state, saying.state), saying.remote or _made_before(place, saying)
    if number:
        return Told(number, moved=_ask(place, "PUT", saying, f"/deployments/{number}", {"status": state}).moved)
    body = {
        "environment": saying.environment,
        "sha": saying.commit,
        "ref": saying.ref or saying.commit,
        "tag": saying.tag,
        "status": state,
    }
    made = _ask(place, "POST", saying, "/deployments", body)
    return Told(str(made.data.get("id", "")), moved=made.moved)


def _made_before(place: Forge, saying: Saying) -> str:
    """The deployment that a try before this one made, if its answer was lost."""
    query = urlencode({"environment": saying.environment, "status": "running", "order_by": "id", "sort": "desc", "per_page": 20})
    found = _ask(place, "GET", saying, f"/deployments?{query}").data
    rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return next((str(one["id"]) for one in rows if one.get("sha") == saying.commit and one.get("id")), "")


def _ask(place: Forge, method: str, saying: Saying, path: str, body: Mapping[str, Any] | None = None) -> Reply:
    """Ask about a project. A moved one answers 405 to whoever writes: its number is asked for, and that is written to."""
    project = f"/projects/{quote(saying.repository, safe='')}"
    reply = ask(place, method, project + path, body, allowed=frozenset({400, 405}))
    if reply.status == 405 and MOVED in str(reply.data).lower():
        number = ask(place, "GET", project).data.get("id")
        reply = ask(place, method, f"/projects/{int(number)}{path}", body, allowed=frozenset({400}))
        reply = Reply(reply.status, reply.data, reply.headers, f"project {number}")
    if reply.status >= 400 and ALREADY not in str(reply.data).lower():
        raise refusal(reply, "GitLab", 0)
    return reply
