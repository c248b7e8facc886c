"""The picture: routes, services, workloads, pods, and what leads where. States are words of the pages' vocabulary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """Cores or bytes: used now, asked for, allowed at most; None: not told."""

    used: float | None = None
    requested: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a container ended the last time."""

    reason: str
    exit_code: int | None
    message: str
    at: str  # RFC 3339, as every time here


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod. `role`: app, init or sidecar; `state`: running, waiting, ended or unknown."""

    name: str
    role: str
    image: str
    state: str
    reason: str
    message: str
    ready: bool
    restarts: int
    since: str
    last: Ending | None
    cpu: Measure
    memory: Measure


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of what the cluster says of a pod or a workload."""

    type: str
    status: str
    reason: str
    message: str
    at: str


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod. `state`: ready, starting, unready, failing, waiting, done or leaving; `reason` the cluster's word for it."""

    name: str
    short: str  # what tells it from its siblings
    workload: str  # "Deployment/shop-web"; empty: nobody's
    release: str
    set: str
    node: str
    address: str
    created_at: str
    state: str
    reason: str
    message: str
    restarts: int
    containers: tuple[Container, ...]
    conditions: tuple[Condition, ...]
    cpu: Measure
    memory: Measure

    @property
    def ready(self) -> bool:
        """Whether it takes requests."""
        return self.state == "ready"

    @property
    def troubled(self) -> bool:
        """Whether a person should look at it."""
        return self.state in {"failing", "waiting"}

    @property
    def container(self) -> str:
        """The container that matters most: the first that is not well, or the first that stays."""
        unwell = [one for one in self.containers if one.reason not in {"", "Completed", "PodInitializing"} and not one.ready]
        lasting = [one for one in self.containers if one.role == "app"]
        return next((one.name for one in [*unwell, *lasting, *self.containers]), "")


@dataclass(frozen=True, slots=True)
class Scaler:
    """What decides how many replicas there are."""

    name: str
    least: int
    most: int
    now: int


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes pods. `state`: ready, rolling, failing, idle; of Jobs running, done, failed; of CronJobs scheduled, suspended."""

    kind: str
    name: str
    component: str
    ours: bool
    release: str
    release_number: int | None
    set: str
    state: str
    trouble: str
    wanted: int
    ready: int
    restarts: int
    image: str
    created_at: str
    ended_at: str
    pods: tuple[Pod, ...]
    scaler: Scaler | None
    budget: str
    cpu: Measure
    memory: Measure

    @property
    def title(self) -> str:
        """Deployment/shop-web."""
        return f"{self.kind}/{self.name}"

    @property
    def lasting(self) -> bool:
        """Whether it is meant to run on."""
        return self.kind not in {"Job", "CronJob"}

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many of its pods stand how, the good first."""
        states = [pod.state for pod in self.pods]
        return tuple((state, states.count(state)) for state in STATES if state in states)


@dataclass(frozen=True, slots=True)
class Service:
    """A Service. `state`: ready, empty (it leads to pods, none is ready), broken (it leads nowhere) or outside (no selector)."""

    name: str
    kind: str  # ClusterIP, NodePort, LoadBalancer, ExternalName
    role: str  # stable, preview or empty
    ours: bool
    ports: tuple[str, ...]
    workloads: tuple[str, ...]
    ready: int
    total: int
    state: str


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a route leads; `broken` says why it does not."""

    service: str
    port: str
    percent: float | None  # of the requests of its rule; None: all
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a route."""

    host: str
    path: str
    backends: tuple[Backend, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """An Ingress or HTTPRoute. `addresses`: where the world finds it."""

    kind: str
    name: str
    ours: bool
    addresses: tuple[str, ...]
    rules: tuple[Rule, ...]
    broken: str = ""

    @property
    def title(self) -> str:
        """Ingress/shop."""
        return f"{self.kind}/{self.name}"

    @property
    def services(self) -> tuple[str, ...]:
        """The services it leads to, each once, whether they are there or not."""
        return tuple(dict.fromkeys(backend.service for rule in self.rules for backend in rule.backends))


@dataclass(frozen=True, slots=True)
class Warning:  # the cluster's own word
    """One event of the type Warning."""

    at: str
    reason: str
    message: str
    about: str  # "Pod/shop-web-7c9-x2"
    count: int


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the requests that a version gets."""

    release: str
    set: str
    percent: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything, ours first. `measured`: whether the cluster tells what is used; `unseen`: kinds that may not be read."""

    routes: tuple[Route, ...] = ()
    services: tuple[Service, ...] = ()
    workloads: tuple[Workload, ...] = ()
    loose: tuple[Pod, ...] = ()
    warnings: tuple[Warning, ...] = ()
    shares: tuple[Share, ...] = ()
    measured: bool = False
    unseen: tuple[str, ...] = ()

    @property
    def pods(self) -> tuple[Pod, ...]:
        """All of them, those in trouble first."""
        found = [*self.loose, *(pod for workload in self.workloads for pod in workload.pods)]
        return tuple(sorted(found, key=lambda pod: (STATES[::-1].index(pod.state), pod.name)))

    def pod(self, name: str) -> Pod | None:
        """The pod of this name."""
        return next((pod for pod in self.pods if pod.name == name), None)

    def workload(self, title: str) -> Workload | None:
        """The workload called so: "Deployment/shop-web"."""
        return next((one for one in self.workloads if one.title == title), None)

    def about(self, *titles: str) -> tuple[Warning, ...]:
        """The warnings about these objects."""
        return tuple(one for one in self.warnings if one.about in titles)


STATES = ("ready", "done", "starting", "leaving", "unready", "waiting", "failing")
