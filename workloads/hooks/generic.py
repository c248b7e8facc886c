"""Deliveries of any program that holds the key: `{"repository", "ref", "tag", "commit", "title", "by", "url", "paths"}`."""

from __future__ import annotations

from workloads.hooks.news import LONGEST_REF, MOST_PATHS, News, commit_in
from workloads.hooks.reading import Node, Unreadable, need

KNOWN = frozenset({"repository", "ref", "tag", "commit", "title", "by", "url", "paths"})


def read(_: str, sent: Node) -> News:
    """The facts; a name that is not known is a typing error, not a default."""
    unknown = sorted(set(sent.value) - KNOWN)
    if unknown:
        raise Unreadable(f"There is no field {unknown[0][:40]!r}; known: {', '.join(sorted(KNOWN))}.")
    paths = tuple(path for item in sent.items("paths") if (path := item.raw(most=500)))
    return News(
        event="generic",
        repository=sent.raw("repository"),
        ref=need(sent.raw("ref", most=LONGEST_REF), "ref"),
        tag=sent.flag("tag"),
        commit=need(commit_in(sent, "commit"), "commit"),
        title=sent.text("title", most=120),
        by=sent.text("by"),
        action="asked",
        url=sent.text("url"),
        paths=paths,
        paths_known="paths" in sent.value and len(paths) == sent.size("paths") <= MOST_PATHS,
    )
