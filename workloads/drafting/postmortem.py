"""Pure: the draft of a post-mortem, in Markdown. What comes from outside stands in code, where it is read as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workloads.drafting.prevention import advice

MOST_MOMENTS, MOST_PROOFS = 80, 10
_TICKS = re.compile(r"`+")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: `what` in our own words, `text` in anybody's."""

    at: datetime
    what: str
    text: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a draft is made of."""

    title: str
    where: str
    opened_at: datetime
    resolved_at: datetime | None
    onset_at: datetime | None = None
    standing: str = ""
    summary: str = ""
    fault: str = ""
    object: str = ""
    confidence: float = 0.0
    proofs: Sequence[tuple[str, str]] = ()  # where, what it says
    contradictions: Sequence[str] = ()
    others: Sequence[str] = ()  # the other hypotheses, in a sentence each
    lacking: Sequence[str] = ()
    suspects: Sequence[str] = ()
    deployed: bool = False  # the usual suspect is a deployment
    repairs: Sequence[tuple[str, str]] = ()  # what was done, and what came of it
    verification: Sequence[str] = ()
    escalated: str = ""
    passages: Sequence[tuple[str, str]] = ()  # title, source
    timeline: Sequence[Moment] = field(default=())


def draft(story: Story) -> str:
    """The whole document. The same story gives the same text."""
    parts = [
        [f"# {_line(story.title)}", "", _when(story)],
        ["## What was seen", "", *_seen(story)],
        ["## Cause", "", *_cause(story)],
        ["## What was done", "", *_done(story)],
        ["## How it was verified", "", *(_list(story.verification) or ["It was not verified."])],
        ["## What to change so that it does not happen again", "", *_tasks(story)],
        ["## Timeline (UTC)", "", *_timeline(story)],
    ]
    if story.passages:
        parts.append(
            ["## What the knowledge base said", "", *(f"- {_code(title)} in {_code(source)}" for title, source in story.passages)]
        )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _when(story: Story) -> str:
    ended = story.resolved_at
    lasted = f"resolved after {_span(story.opened_at, ended)}" if ended else "not resolved yet"
    onset = story.onset_at
    late = f" The first symptom showed {_span(onset, story.opened_at)} before." if onset and onset < story.opened_at else ""
    return f"In {_line(story.where)}, opened {story.opened_at:%Y-%m-%d %H:%M} UTC, {lasted}.{late}"


def _seen(story: Story) -> Iterator[str]:
    yield _code(story.summary) if story.summary else "Nothing was written down of what was seen."
    if story.proofs:
        yield ""
        yield from (f"- {_code(where)}: {_code(text)}" for where, text in story.proofs[:MOST_PROOFS])
    if story.lacking:
        yield ""
        yield "Not evaluated:"
        yield ""
        yield from _list(story.lacking)


def _cause(story: Story) -> Iterator[str]:
    if story.fault:
        yield f"{_code(story.fault)} at {_code(story.object)}, {story.confidence:.0%} sure."
    else:
        yield f"Not established: the diagnosis is {story.standing or 'missing'}."
    if story.contradictions:
        yield ""
        yield "Against it speaks:"
        yield ""
        yield from _list(story.contradictions)
    if story.others:
        yield ""
        yield "Also considered:"
        yield ""
        yield from _list(story.others)
    if story.suspects:
        yield ""
        yield "What changed before the first symptom, the most suspicious first:"
        yield ""
        yield from _list(story.suspects)


def _done(story: Story) -> Iterator[str]:
    if not story.repairs:
        yield "Timonel changed nothing."
    yield from (f"- {_code(what)}: {_code(how)}" for what, how in story.repairs)
    if story.escalated:
        yield ""
        yield f"A person was called: {_code(story.escalated)}"


def _tasks(story: Story) -> Iterator[str]:
    yield from (f"- [ ] {text}" for text in advice(story.fault, deployed=story.deployed))
    if story.lacking:
        yield "- [ ] Collect what was not evaluated this time, so that the next diagnosis rests on it."


def _timeline(story: Story) -> Iterator[str]:
    told = sorted(story.timeline, key=lambda moment: moment.at)
    for moment in told[:MOST_MOMENTS]:
        by = f" by {_code(moment.who)}" if moment.who else ""
        said = f": {_code(moment.text)}" if moment.text else ""
        yield f"- {moment.at:%Y-%m-%d %H:%M:%S} {moment.what}{by}{said}"
    if len(told) > MOST_MOMENTS:
        yield f"- and {len(told) - MOST_MOMENTS} more"


def _list(texts: Sequence[str]) -> list[str]:
    return [f"- {_code(text)}" for text in texts]


def _code(text: str) -> str:
    """As code, so that nothing in it is markup."""
    line = _TICKS.sub("'", _line(text))[:500]
    return f"`{line}`" if line else "`nothing`"


def _line(text: str) -> str:
    return " ".join(str(text).split())


def _span(begin: datetime, end: datetime) -> str:
    minutes = int((end - begin).total_seconds() // 60)
    if minutes < 1:
        return f"{max(0, int((end - begin).total_seconds()))} seconds"
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
