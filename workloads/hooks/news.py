"""What a delivery says, whoever sent it: a few typed facts, small enough to keep and safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from workloads.hooks.reading import Node, Unreadable

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
NOTHING = re.compile(r"0{40}(?:0{24})?")
SKIP = re.compile(r"\[(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip[ -]timonel)\]", re.I)
LONGEST_REF = 200
LONGEST_ADDRESS = 500
MOST_PATHS = 1_000  # more files than these, and the list is not whole

OURS = "timonel"  # how deployments that we told a forge about are marked, so that their echo is known


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: how it stands, what it is of, and what it says."""

    fingerprint: str
    firing: bool
    name: str
    summary: str
    severity: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    started: str = ""
    url: str = ""
    ended: str = ""
    identity: str = ""  # of its fingerprint and all its labels as they came, before anything was cut

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Alert:
        """What was kept of one."""
        return cls(**{**kept, "labels": tuple((name, value) for name, value in kept["labels"])})

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class News:
    """What happened. `obstacle` says why nothing is ever deployed because of it; empty where nothing stands in the way."""

    event: str
    repository: str = ""
    ref: str = ""
    tag: bool = False
    commit: str = ""
    title: str = ""
    by: str = ""
    action: str = ""
    url: str = ""
    forced: bool = False
    paths: tuple[str, ...] = ()
    paths_known: bool = False
    obstacle: str = ""
    alerts: tuple[Alert, ...] = ()
    addresses: tuple[str, ...] = ()  # of the repository, in the forms that the forge gives
    groups: tuple[tuple[str, str], ...] = ()  # the labels that an Alertmanager groups by
    left_out: int = 0  # alerts that the sender has and did not send

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        flat = asdict(replace(self, alerts=()))
        return flat | {"alerts": [alert.as_json() for alert in self.alerts]}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> News:
        """What `as_json` made, or an older version of it."""
        told: dict[str, Any] = {name: tuple(kept.get(name, ())) for name in ("paths", "addresses")}
        told["alerts"] = tuple(Alert.of(one) for one in kept["alerts"])
        told["groups"] = tuple((name, value) for name, value in kept.get("groups", ()))
        return cls(**{**kept, **told})


def commit_in(node: Node, *path: str) -> str:
    """A whole commit hash; nothing for the one of zeros, Unreadable for another form."""
    found = node.raw(*path)
    if found and not COMMIT.fullmatch(found):
        raise Unreadable("A commit is not in its form.")
    return "" if NOTHING.fullmatch(found) else found


def ref_of(whole: str) -> tuple[str, bool]:
    """The short name of refs/heads/... or refs/tags/..., and whether it is a tag."""
    for head, tag in (("refs/heads/", False), ("refs/tags/", True)):
        if whole.startswith(head) and 0 < len(whole) - len(head) <= LONGEST_REF:
            return whole.removeprefix(head), tag
    raise Unreadable("The ref is neither a branch nor a tag.")


def changed(commits: Sequence[Node]) -> tuple[str, ...]:
    """The files that these commits touched, each once."""
    found: dict[str, None] = {}
    for commit in commits:
        for kind in ("added", "modified", "removed"):
            for file in commit.items(kind):
                found.setdefault(file.raw(most=500))
    return tuple(path for path in found if path)[: MOST_PATHS + 1]  # one more shows that there are more


def addresses_in(node: Node, *names: str) -> tuple[str, ...]:
    """The addresses under these names, as they are."""
    return tuple(dict.fromkeys(found for name in names if (found := node.raw(name, most=LONGEST_ADDRESS))))


def push_obstacle(commit: str, *, deleted: bool, tag: bool, unchanged: bool, message: str) -> str:
    """Why a push is no reason to deploy."""
    if deleted:
        return "The tag was deleted." if tag else "The branch was deleted."
    if not commit:
        return "No commit was pushed."
    if unchanged:
        return "The push changed nothing: the commit is the one from before."
    if not tag and SKIP.search(message):
        return "Its message says that it is not to be built."
    return ""
