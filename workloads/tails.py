"""The logs of many pods together, in the order of time, from a place on: what a whole release says."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.core.errors import Invalid, TimonelError
from workloads.adapters.kubernetes.client import Client
from workloads.topology.picture import Container, Picture, Pod

MOST_STREAMS = 40
MOST_LINES = 5_000
LONGEST = 4_000  # characters of a line
MOST_BYTES = 400_000  # of one container at a time
AT_ONCE, SECONDS = 8, 4.0
TIMED = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which logs: empty means any. `lines`: at most so many of each container at first; `seconds`: only so old (0: any age)."""

    workload: str = ""
    pod: str = ""
    container: str = ""
    previous: bool = False
    lines: int = 200
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Stream:
    """One container of one pod."""

    pod: str
    short: str
    container: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `at` is RFC 3339 in UTC."""

    at: str
    stream: Stream
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """Lines in the order of time, where to go on, whose they are, how many containers were left out, what could not be read."""

    lines: tuple[Line, ...]
    cursor: str
    streams: tuple[Stream, ...]
    left_out: int = 0
    troubles: tuple[str, ...] = ()


def read(client: Client, namespace: str, found: Picture, asked: Asked, said: Callable[[str], str], *, after: str = "") -> Told:
    """What was written since `after`, a cursor of an earlier answer (empty: the last lines). Raises Invalid for another one."""
    places = _places(after)
    streams = wanted(found, asked)
    chosen = streams[:MOST_STREAMS]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pod logs") as pool:
        answers = list(pool.map(lambda stream: _of(client, namespace, stream, asked, places.get(_key(stream), "")), chosen))
    lines = [line for lines, _ in answers for line in lines]
    lines.sort(key=lambda line: line.at)
    lines = lines[-MOST_LINES:]
    for line in lines:
        places[_key(line.stream)] = max(line.at, places.get(_key(line.stream), ""))
    troubles = tuple(dict.fromkeys(said(trouble) for _, trouble in answers if trouble))
    shown = tuple(Line(line.at, line.stream, said(line.text)) for line in lines)
    return Told(shown, _cursor(places, chosen), tuple(chosen), len(streams) - len(chosen), troubles)


def wanted(found: Picture, asked: Asked) -> list[Stream]:
    """The containers that have a log, of pods in trouble first, then of the newest."""
    pods = [pod for pod in found.pods if _is_asked(pod, asked)]
    pods.sort(key=lambda pod: pod.created_at, reverse=True)
    pods.sort(key=lambda pod: not pod.troubled)
    return [
        Stream(pod.name, pod.short or pod.name, one.name)
        for pod in pods
        for one in pod.containers
        if (asked.container == one.name if asked.container else _has_log(one)) and (not asked.previous or one.restarts)
    ]


def _is_asked(pod: Pod, asked: Asked) -> bool:
    if asked.pod:
        return pod.name == asked.pod
    return not asked.workload or pod.workload == asked.workload


def _has_log(one: Container) -> bool:
    return one.state in {"running", "ended"} or one.restarts > 0


def _of(client: Client, namespace: str, stream: Stream, asked: Asked, place: str) -> tuple[Sequence[Line], str]:
    """The lines of one container after its place, and what kept it from being read."""
    since = _since(place, asked)
    try:
        text = client.log(
            namespace,
            stream.pod,
            stream.container,
            previous=asked.previous,
            lines=MOST_LINES if place else asked.lines,
            most=MOST_BYTES,
            since=since,
            seconds=SECONDS,
        )
    except TimonelError as error:
        return (), f"{stream.pod} ({stream.container}): {error.message}"
    lines, at = [], place
    for raw in text.splitlines():
        found = TIMED.match(raw)
        at = _padded(found.group(1)) if found else at  # a line without a time belongs to the one before
        if at > place or not place:
            lines.append(Line(at, stream, (raw[found.end() :] if found else raw)[:LONGEST]))
    return lines, ""


def _since(place: str, asked: Asked) -> str:
    if place:
        return f"{place[:19]}Z"
    if asked.seconds:
        return (datetime.now(UTC) - timedelta(seconds=asked.seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "0"


def _padded(at: str) -> str:
    """A time with nine places in UTC, so that texts are in the order of times."""
    if not at.endswith("Z"):
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    whole, _, rest = at[:-1].partition(".")
    return f"{whole}.{rest[:9]:0<9}Z"


def _key(stream: Stream) -> str:
    return f"{stream.pod}/{stream.container}"


def _cursor(places: Mapping[str, str], chosen: Sequence[Stream]) -> str:
    kept = {key: places[key] for stream in chosen if (key := _key(stream)) in places}
    return base64.urlsafe_b64encode(json.dumps(kept, separators=(",", ":")).encode()).decode()


def _places(cursor: str) -> dict[str, str]:
    if not cursor:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError) as error:
        raise Invalid("This is no place in a log.", cure="Open the log's page again.") from error
    fits = isinstance(found, dict) and all(isinstance(value, str) and TIMED.fullmatch(value) for value in found.values())
    if not fits:
        raise Invalid("This is no place in a log.", cure="Open the log's page again.")
    return {str(name): str(at) for name, at in found.items()}
