"""What a person may choose about an environment's manifests (Target.options). What is left out is as its tier proposes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from controlplane.core.errors import Invalid

Count = Annotated[int, Field(ge=0, le=1000)]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Cpu = Annotated[str, Field(pattern=r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)?$")]
Bytes = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?)?$")]
Name = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$")]
Host = Annotated[
    str, Field(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", max_length=253)
]
Path = Annotated[str, Field(pattern=r"^(/.*)?$", max_length=200)]
Address = Annotated[str, Field(pattern=r"^([A-Za-z0-9.-]+|\[[0-9a-f:]+\]):[0-9]{1,5}$|^$")]
STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Autoscale:
    """Between how many replicas, and by what: CPU for web; the length of a Redis list for a worker (KEDA)."""

    __pydantic_config__ = STRICT
    min: Annotated[int, Field(ge=0, le=1000)] = 2
    max: Annotated[int, Field(ge=1, le=1000)] = 10
    cpu: Annotated[int, Field(ge=10, le=95)] = 70  # percent of what is requested
    queue: str = ""  # the list's name; a worker's default is Celery's "celery"
    length: Annotated[int, Field(ge=1)] = 20  # tasks that wait, for each replica


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """One process. None and empty are as the tier proposes."""

    __pydantic_config__ = STRICT
    replicas: Count | None = None
    cpu: Cpu = ""  # requested
    cpu_limit: Cpu = ""  # none by default: a limit throttles where nobody else wants the CPU
    memory: Bytes = ""  # requested, and the limit
    grace: Seconds | None = None  # how long it may take to end what it is doing
    autoscale: Autoscale | None = None
    ping: bool = False  # a Celery worker is asked `inspect ping` every five minutes; each costs a start of the application


@dataclass(frozen=True, slots=True)
class Route:
    """How requests come in. `ingress` and `gateway` need hosts."""

    __pydantic_config__ = STRICT
    kind: Literal["", "none", "ingress", "gateway"] = ""  # empty: an ingress where there are hosts
    class_name: Name = ""
    tls_secret: Name = ""
    issuer: Name = ""  # a ClusterIssuer of cert-manager, which then makes the TLS secret
    gateway: Name = ""
    gateway_namespace: Name = ""
    listener: str = ""
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secret values are: made by us, in a Secret that exists already, or brought by External Secrets."""

    __pydantic_config__ = STRICT
    kind: Literal["made", "existing", "external"] = "made"
    name: Name = ""  # the existing Secret, one key a variable
    store: Name = ""
    store_kind: Literal["SecretStore", "ClusterSecretStore"] = "ClusterSecretStore"
    path: str = ""  # where they are in the store
    refresh: Annotated[str, Field(pattern=r"^([0-9]+[smh])+$")] = "1h"


@dataclass(frozen=True, slots=True)
class Server:
    """A server the application uses: an address in its place, or a Secret that holds all of it (`keys` says under what)."""

    __pydantic_config__ = STRICT
    address: Address = ""
    secret: Name = ""
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Egress:
    """Somewhere the pods may connect to."""

    __pydantic_config__ = STRICT
    cidr: Annotated[str, Field(pattern=r"^[0-9a-fA-F:.]+/[0-9]{1,3}$")]
    port: Port


@dataclass(frozen=True, slots=True)
class Network:
    """Who may speak to whom. `sources` are the namespaces that may reach the web process; empty: any pod of the cluster."""

    __pydantic_config__ = STRICT
    enabled: bool = True
    sources: tuple[Name, ...] = ()
    monitoring: Name = "monitoring"  # the namespace of Prometheus
    internet: bool = True  # HTTPS to the world, as APIs of others need it
    egress: tuple[Egress, ...] = ()


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Objects of the Prometheus Operator. Ratio and latency are the alerts' limits."""

    __pydantic_config__ = STRICT
    enabled: bool = False
    path: Path = "/metrics"
    interval: Annotated[str, Field(pattern=r"^[0-9]+[smh]$")] = "30s"
    labels: dict[str, str] = field(default_factory=dict)  # what the operator's selectors ask for
    success: Annotated[float, Field(gt=0, lt=1)] = 0.99
    p99_ms: Annotated[int, Field(ge=1)] = 500
    queue: Annotated[int, Field(ge=1)] = 1000  # tasks that wait


@dataclass(frozen=True, slots=True)
class Probes:
    """How a web process is asked. `liveness_path` must ask the process only, never its database."""

    __pydantic_config__ = STRICT
    health_path: Path = ""
    liveness_path: Path = ""
    host: str = ""
    startup: Annotated[int, Field(ge=10, le=3600)] = 120  # seconds it may take to start
    timeout: Annotated[int, Field(ge=1, le=60)] = 3


@dataclass(frozen=True, slots=True)
class Storage:
    """Where files go that outlive a release: the pod's own folder, which ends with it, or a volume."""

    __pydantic_config__ = STRICT
    kind: Literal["temporary", "claim"] = "temporary"
    claim: Name = ""  # one that is there already
    size: Bytes = "1Gi"
    class_name: Name = ""
    access: Literal["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"] = "ReadWriteOnce"


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Where pods may run."""

    __pydantic_config__ = STRICT
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[dict[str, Any], ...] = ()
    priority_class: Name = ""


@dataclass(frozen=True, slots=True)
class Right:
    """Something the pods may do at the API server, in their own namespace."""

    __pydantic_config__ = STRICT
    resources: Annotated[tuple[str, ...], Field(min_length=1)]
    verbs: Annotated[tuple[str, ...], Field(min_length=1)]
    groups: tuple[str, ...] = ("",)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The pods' service account; annotations give it a role in a cloud. An existing one is only named.

    With `rights` the pods get a Role and a token; without, they have no token at all.
    """

    __pydantic_config__ = STRICT
    name: Name = ""
    existing: bool = False
    annotations: dict[str, str] = field(default_factory=dict)
    rights: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class ServicePort:
    """How the Service is reached."""

    __pydantic_config__ = STRICT
    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    node_port: Annotated[int, Field(ge=1, le=65_535)] | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that may be chosen."""

    __pydantic_config__ = STRICT
    processes: dict[str, ProcessOptions] = field(default_factory=dict)
    hosts: tuple[Host, ...] = ()
    route: Route = field(default_factory=Route)
    service: ServicePort = field(default_factory=ServicePort)
    secrets: Secrets = field(default_factory=Secrets)
    database: Server = field(default_factory=Server)
    broker: Server = field(default_factory=Server)
    network: Network = field(default_factory=Network)
    monitoring: Monitoring = field(default_factory=Monitoring)
    probes: Probes = field(default_factory=Probes)
    storage: Storage = field(default_factory=Storage)
    scheduling: Scheduling = field(default_factory=Scheduling)
    account: Account = field(default_factory=Account)
    port: Annotated[int, Field(ge=1024, le=65_535)] = 8000  # below 1024 a plain user may not listen
    user: Annotated[int, Field(ge=1)] | None = 10_001  # None: the image's own, which must be a number
    home: Annotated[str, Field(pattern=r"^(/[^/].*)?$")] = ""  # the folder of manage.py in an image that Timonel did not make
    keep_entrypoint: bool = False  # processes are arguments of the image's own entry point
    pull_secrets: tuple[Name, ...] = ()
    make_namespace: bool = True
    migration_seconds: Annotated[int, Field(ge=10, le=86_400)] = 900
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


ADAPTER: TypeAdapter[Options] = TypeAdapter(Options)


def options_of(given: Mapping[str, Any]) -> Options:
    """The options in their JSON. Raises Invalid for what is unknown, of the wrong kind, or contradicts itself."""
    try:
        options = ADAPTER.validate_json(_json(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = tuple(part for part in first["loc"])
        raise Invalid(f"Option {_spelled(place)}: {_wrong(first)}.", cure=_cure(place, first)) from error
    _consistent(options)
    return options


def _json(given: Mapping[str, Any]) -> str:
    import json

    return json.dumps(given)


def _spelled(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place) or "(the whole)"


def _wrong(error: Mapping[str, Any]) -> str:
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return "there is none of this name"
    text = str(error["msg"])
    return text[:1].lower() + text[1:]


def _cure(place: tuple[str | int, ...], error: Mapping[str, Any]) -> str:
    if error["type"] not in {"extra_forbidden", "unexpected_keyword_argument"}:
        return "Correct it in the target's options."
    names = _names_beside(place)
    near = difflib.get_close_matches(str(place[-1]), names, 1)
    return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(names)}."


def _names_beside(place: tuple[str | int, ...]) -> list[str]:
    """The names that options have at this place."""
    shape: Any = Options
    for part in place[:-1]:
        if not is_dataclass(shape):
            break
        shape = _shape(shape, str(part)) or shape
    return [found.name for found in fields(shape)]


def _shape(shape: Any, name: str) -> Any:
    if name == "processes":
        return ProcessOptions
    defaults = {found.name: found.default_factory for found in fields(shape)}
    made = {"autoscale": Autoscale, "egress": Egress, "rights": Right}.get(name) or defaults.get(name)
    return made if is_dataclass(made) else None


def _consistent(options: Options) -> None:
    route, secrets = options.route, options.secrets
    if route.kind in {"ingress", "gateway"} and not options.hosts:
        raise Invalid(f"A route of kind {route.kind} needs a name to answer to.", cure='Give "hosts": ["www.example.com"].')
    if route.kind == "gateway" and not route.gateway:
        raise Invalid(
            "A route through a Gateway needs that Gateway's name.", cure='Give "route": {"kind": "gateway", "gateway": ...}.'
        )
    if options.account.existing and not options.account.name:
        raise Invalid(
            "A service account that exists already needs its name.", cure='Give "account": {"existing": true, "name": ...}.'
        )
    if secrets.kind == "existing" and not secrets.name:
        raise Invalid(
            "Secrets that exist already need their Secret's name.", cure='Give "secrets": {"kind": "existing", "name": ...}.'
        )
    if secrets.kind == "external" and not (secrets.store and secrets.path):
        raise Invalid(
            "External secrets need a store and a path in it.", cure='Give "secrets": {"kind": "external", "store", "path"}.'
        )
    for name, chosen in options.processes.items():
        scale = chosen.autoscale
        if scale and scale.min > scale.max:
            raise Invalid(f"Process {name} scales from {scale.min} to {scale.max}.", cure="Give a `max` that is not below `min`.")
