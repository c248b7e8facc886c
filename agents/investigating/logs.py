"""Logs of pods: from the Snapshot, or their end as it is now."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from agents import legible
from agents.investigating import live
from agents.investigating.looking import NOW
from agents.investigating.sight import Row, Sight
from agents.llm.question import ToolAnswer
from agents.tools import operated
from agents.tools.operated import Said
from agents.tools.tool import Arguments, rows, tool
from controlplane.core.errors import NotFound
from workloads.unchecked import rows as tables
from workloads.unchecked import word

MOST_LINES, BLOCK, MOST_FILES = 80, 8, 3


class Log(Arguments):
    """Which lines of which log."""

    pod: str = Field(min_length=1, max_length=253, description="The pod, or the beginning of its name.")
    container: str = Field("", max_length=63, description="The container; empty: each of the pod's.")
    previous: bool = Field(False, description="True: of the container before its last restart.")
    text: str = Field("", max_length=200, description="Only lines that hold this text; case does not matter.")
    now: bool = Field(False, description=NOW)


@tool(Log)
def get_logs(sight: Sight, log: Log) -> ToolAnswer:
    """The last lines that containers of a pod wrote, oldest first, a few lines to each piece of evidence."""
    shown: list[Row] = []
    for name, text in _files(sight, log):
        lines = [line for line in legible.lines(text) if line.strip() and log.text.lower() in line.lower()]
        shown += blocks(sight, name, lines[-MOST_LINES:])
    asked = f"the log of {log.pod}{', before its last restart' if log.previous else ''}"
    return rows(asked + (f", lines that hold {log.text!r}" if log.text else ""), shown)


def blocks(sight: Sight, where: str, lines: list[str]) -> Iterator[Row]:
    """The lines, BLOCK of them to a piece of evidence."""
    for first in range(0, len(lines), BLOCK):
        text = "\n".join(lines[first : first + BLOCK])
        yield {"evidence": sight.note("log", where, text), "of": where, "lines": text}


@tool(Said)
def get_process_log(sight: Sight, which: Said) -> ToolAnswer:
    """The last lines that a process of the release with the traffic wrote, oldest first, a few lines to a piece of evidence."""
    answer = operated.get_logs.look(sight, which)
    lines = [str(row["line"]) for row in (answer.data or {}).get("rows", [])]
    return rows(answer.asked, list(blocks(sight, f"process {which.process}", lines)))


def _files(sight: Sight, log: Log) -> Iterator[tuple[str, str]]:
    kept = [
        one
        for one in (sight.snapshot.logs or () if sight.snapshot else ())
        if one.pod.startswith(log.pod) and one.previous == log.previous and log.container in ("", one.container)
    ]
    if kept and not log.now:
        yield from ((_named(one.pod, one.container, previous=one.previous), one.read()) for one in kept[:MOST_FILES])
        return
    for pod, container in _containers(sight, log)[:MOST_FILES]:
        yield _named(pod, container, previous=log.previous), live.log(sight, pod, container, previous=log.previous)


def _containers(sight: Sight, log: Log) -> list[tuple[str, str]]:
    """The containers of such pods as they are now."""
    pods = [one for one in live.objects(sight, "Pod") if word(one, "metadata", "name").startswith(log.pod)]
    found = [(word(pod, "metadata", "name"), word(one, "name")) for pod in pods for one in tables(pod, "spec", "containers")]
    wanted = [one for one in found if log.container in ("", one[1])]
    if not wanted:
        raise NotFound(f"There is no such container in a pod that begins with {log.pod[:60]}.")
    return wanted


def _named(pod: str, container: str, *, previous: bool) -> str:
    return f"{pod}/{container}{' (previous)' if previous else ''}"
