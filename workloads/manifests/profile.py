"""What is to run: everything a rendering depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workloads.manifests.options import Options

Tier = Literal["local", "staging", "production"]
Strategy = Literal["rolling", "blue_green", "canary"]


@dataclass(frozen=True, slots=True)
class Process:
    """A long-running process. `argv` is an argument vector; "{port}" stands for the port it listens on."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that runs once before a release gets traffic, as `migrate` does."""

    name: str
    argv: tuple[str, ...]
    folder: str = ""  # relative to the application's folder in the image


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable whose value is under a key of a Secret that is there already."""

    variable: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody the application speaks to: a host's name or address, and a port."""

    host: str  # empty: only a Secret of somebody else knows
    port: int
    what: str = ""  # "database", "broker", or the variable that names it


@dataclass(frozen=True, slots=True)
class Broker:
    """The Redis or Valkey whose lists are the queues; its password is in a variable of the worker's, where it has one."""

    host: str
    port: int = 6379
    database: int = 0
    tls: bool = False
    password_variable: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """An application in an environment at one release.

    `set` names the set the web process belongs to ("blue", "canary"), empty for a rolling update. `live` names the set that the
    stable Service selects; None means this one. `share` is how many percent of the requests the set gets from an HTTPRoute while
    it is not the live one. `replicas` overrides the options' for the web process (a canary's few).
    """

    application: str
    environment: str
    namespace: str
    image: str  # "registry/repository@sha256:..."
    processes: tuple[Process, ...]
    environment_id: int = 0
    tier: Tier = "production"
    release: int = 0
    label: str = ""  # the release as people call it: "v2"
    commit: str = ""
    steps: tuple[Step, ...] = ()
    health_path: str = ""  # empty: none known
    pages_host: str = ""  # a name that ALLOWED_HOSTS has
    https: bool = False  # the application insists on HTTPS
    shared: tuple[str, ...] = ()  # files and folders ("media/") that outlive a release, relative to `home`
    home: str = "/app/source"  # the folder of manage.py in the image
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    references: tuple[Reference, ...] = ()
    peers: tuple[Peer, ...] = ()
    broker: Broker | None = None
    options: Options = field(default_factory=Options)
    strategy: Strategy = "rolling"
    patches: tuple[Mapping[str, Any], ...] = ()
    set: str = ""
    live: str | None = None
    share: int = 0
    replicas: int | None = None
    attempt: str = ""  # whatever tells one deployment of the release from the next: its migration Job runs once in each
    notes: tuple[str, ...] = ()  # what whoever approves should know of the input
    salt: str = field(default="", repr=False)  # keeps the digests in Secrets' names from telling their content

    @property
    def stable(self) -> str:
        """The set that the stable Service selects."""
        return self.set if self.live is None else self.live
