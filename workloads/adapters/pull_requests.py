"""Pull requests of GitHub and merge requests of GitLab (docs.github.com, version 2022-11-28; docs.gitlab.com, version 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from controlplane.core.errors import Invalid
from workloads.adapters import github, gitlab
from workloads.adapters.forge import Forge, ForgeError, ask

GITHUB, GITLAB = "github", "gitlab"


@dataclass(frozen=True, slots=True)
class Door:
    """A repository at a forge."""

    kind: str
    forge: Forge
    repository: str

    @property
    def path(self) -> str:
        """Where its requests are."""
        if self.kind == GITHUB:
            return f"/repos/{self.repository}/pulls"
        return f"/projects/{quote(self.repository, safe='')}/merge_requests"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One request and how it stands."""

    number: int
    url: str
    merged: bool = False
    closed: bool = False

    @property
    def called(self) -> str:
        """Its address, or its number where the forge names none."""
        return self.url or f"Pull request {self.number}"


def door(kind: str, repository: str, api_url: str, token: str, *, private: bool = False) -> Door:
    """A repository's API with our token. Raises Invalid for a forge that is none."""
    if kind not in {GITHUB, GITLAB}:
        raise Invalid(f"{kind!r} is no forge.", cure="Use github or gitlab.")
    made = (github if kind == GITHUB else gitlab).forge(api_url, token, private)
    return Door(kind, made, repository)


def find(place: Door, branch: str) -> PullRequest | None:
    """The newest request of this branch, however it stands; a try before this one may have made it."""
    owner = place.repository.partition("/")[0]
    query = {"head": f"{owner}:{branch}", "state": "all"} if place.kind == GITHUB else {"source_branch": branch, "state": "all"}
    found = ask(place.forge, "GET", f"{place.path}?{urlencode(query)}").data
    listed = [one for one in found if isinstance(one, dict) and _own(one)] if isinstance(found, list) else []
    return _read(place, listed[0]) if listed else None


def open_one(place: Door, branch: str, base: str, title: str, body: str) -> PullRequest:
    """Open a request to merge the branch into the base."""
    if place.kind == GITHUB:
        asked: dict[str, Any] = {"title": title, "body": body, "head": branch, "base": base}
    else:
        asked = {"title": title, "description": body, "source_branch": branch, "target_branch": base, "remove_source_branch": True}
    return _read(place, ask(place.forge, "POST", place.path, asked).data)


def look(place: Door, request: PullRequest) -> PullRequest:
    """How it stands now."""
    return _read(place, ask(place.forge, "GET", f"{place.path}/{request.number}").data)


def close(place: Door, request: PullRequest) -> None:
    """Close it without merging; one that is closed already is well."""
    if request.closed or request.merged:
        return
    method, asked = ("PATCH", {"state": "closed"}) if place.kind == GITHUB else ("PUT", {"state_event": "close"})
    ask(place.forge, method, f"{place.path}/{request.number}", asked)


def _own(told: Mapping[str, Any]) -> bool:
    """Whether its branch is of the repository itself: GitLab lists those of forks too, where anybody may name a branch as ours."""
    return bool(told.get("source_project_id") == told.get("target_project_id"))


def _read(place: Door, told: Mapping[str, Any]) -> PullRequest:
    try:
        if place.kind == GITHUB:
            merged = bool(told.get("merged") or told.get("merged_at"))
            return PullRequest(
                int(told["number"]), str(told.get("html_url", "")), merged, told.get("state") == "closed" and not merged
            )
        state = str(told.get("state", ""))
        return PullRequest(int(told["iid"]), str(told.get("web_url", "")), state == "merged", state == "closed")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgeError("The forge answers something else than a pull request.", cure="Look at the address of its API.") from error
