"""Databases: what a client's log says of its database, and who must change: the client, or the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workloads.diagnosis.answers import Hypothesis, Proof
from workloads.diagnosis.rules.making import heard, logged, suppose
from workloads.diagnosis.rules.marks import is_django
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Line, Signature
from workloads.diagnosis.view.services import selects
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import whole, word

# The servers' own texts (MySQL 1040, 1045, 1290; PostgreSQL 28P01, 53300, 25006; Redis, MongoDB).
_CREDENTIALS = {
    "mysql": Signature(
        re.compile(r"Access denied for user '|\b1045\b.{0,20}28000|ER_ACCESS_DENIED"), ("access denied", "1045", "er_access_denied")
    ),
    "postgresql": Signature(
        re.compile(r"password authentication failed for user|role \"[^\"]{1,63}\" does not exist|no pg_hba\.conf entry"),
        ("password authentication failed", "does not exist", "pg_hba"),
    ),
    "redis": Signature(
        re.compile(r"WRONGPASS|NOAUTH Authentication required|invalid username-password pair|ERR invalid password"),
        ("wrongpass", "noauth", "invalid username-password", "invalid password"),
    ),
    "mongodb": Signature(
        re.compile(r"SCRAM.{0,60}authentication failed|AuthenticationFailed", re.I), ("scram", "authenticationfailed")
    ),
}
EXHAUSTED = Signature(
    re.compile(
        r"Too many connections|sorry, too many clients already|remaining connection slots are reserved"
        r"|max number of clients reached"
        r"|too many connections for role|max_user_connections"
    ),
    ("too many connections", "too many clients", "connection slots", "max number of clients", "max_user_connections"),
)
READ_ONLY = Signature(
    re.compile(
        r"running with the --(?:super-)?read-only option|in a read-only transaction"
        r"|READONLY You can't write against|NotWritablePrimary"
        r"|not master and slaveOk=false"
    ),
    ("read-only", "readonly", "notwritableprimary", "slaveok"),
)
_REFUSED = {
    "mysql": Signature(
        re.compile(
            r"Communications link failure|Can't connect to MySQL server on|mysql.{0,200}(?:ECONNREFUSED|Connection refused)", re.I
        ),
        ("communications link failure", "can't connect to mysql", "econnrefused", "connection refused"),
    ),
    "postgresql": Signature(
        re.compile(
            r"connection to server at .{1,200} failed: Connection refused|could not connect to server"
            r"|postgres.{0,200}connection refused",
            re.I,
        ),
        ("connection refused", "could not connect to server"),
    ),
    "redis": Signature(
        re.compile(r"Error 111 connecting to|redis.{0,240}connection refused|UnableToConnect on", re.I),
        ("error 111", "connection refused", "unabletoconnect"),
    ),
    "mongodb": Signature(re.compile(r"(?:mongo|ServerSelectionTimeout).{0,200}connection refused", re.I), ("connection refused",)),
}
_DOWN = Signature(
    re.compile(r"Connection refused|ECONNREFUSED|connect timed out|errno 111|timed out", re.I),
    ("connection refused", "econnrefused", "timed out", "errno 111"),
)
UNKNOWN_HOST = Signature(
    re.compile(
        r"UnknownHostException|no such host|Name or service not known|name resolution"
        r"|could not translate host name|ENOTFOUND|getaddrinfo"
        r"|Unknown MySQL server host"
    ),
    (
        "unknownhost",
        "no such host",
        "not known",
        "name resolution",
        "translate host",
        "enotfound",
        "getaddrinfo",
        "unknown mysql server host",
    ),
)
_SERVERS = {
    "mysql": ("mysql", "mariadb", "percona"),
    "postgresql": ("postgres", "pgsql"),
    "redis": ("redis", "valkey"),
    "mongodb": ("mongo",),
}
_USUAL = {"mysql": 3306, "postgresql": 5432, "redis": 6379, "mongodb": 27017}
CURRENT = 180.0  # seconds before the end of a log in which a line still counts as now
REPEATED = 3  # of a client that is ready: one line may be about anything, three of them are not


@dataclass(frozen=True, slots=True)
class Complaint:
    """A client, what its log says, and of which engine."""

    client: Workload
    engine: str
    line: Line
    times: int = 1


def complaints(view: View, signatures: Mapping[str, Signature]) -> Iterator[Complaint]:
    """Workloads whose logs complain now: of failing containers any run, of others only the last minutes."""
    for workload in view.workloads:
        found = _complaint(view, workload, signatures)
        if found:
            yield found


def _complaint(view: View, workload: Workload, signatures: Mapping[str, Signature]) -> Complaint | None:
    for log in view.logs_of(workload):
        if log.source.previous and not workload.troubled:
            continue
        for engine, signature in signatures.items():
            lines = list(log.matching(signature, most=REPEATED))
            recent = [line for line in lines if line.within(CURRENT)]
            if workload.troubled and lines:
                return Complaint(workload, engine, lines[0], REPEATED)
            if recent:
                return Complaint(workload, engine, recent[0], len(recent))
    return None


def credentials(view: View) -> Iterator[Hypothesis]:
    """The database refuses who a client says it is: the client's credentials must change (server texts)."""
    for each in complaints(view, _CREDENTIALS):
        if is_database(each.client, each.engine):
            continue  # a server writing down whom it refused
        if each.times < REPEATED:
            continue
        yield suppose(
            f"{each.engine}_invalid_credentials",
            each.client.app,
            each.client.namespace,
            0.95 if each.client.troubled else 0.8,
            f"The database refuses the credentials of {each.client.name}.",
            [logged(each.line)],
            explains=[each.client.app],
        )


def is_database(workload: Workload, engine: str = "") -> bool:
    """Whether a workload runs a database server, by its images."""
    names = [name for kind, some in _SERVERS.items() if not engine or kind == engine for name in some]
    images = [word(each.spec, "image").lower() for each in workload.containers]
    return any(name in image.rsplit("/", 1)[-1] or f"/{name}" in image for name in names for image in images)


def databases(view: View, engine: str = "") -> list[Workload]:
    """The database servers of the namespaces that are looked at."""
    return [each for each in view.workloads if is_database(each, engine)]


def server_of(view: View, client: Workload, engine: str, text: str) -> Workload | None:
    """The database a client's line is about: named in the line, in a variable, or the only one of the engine."""
    servers = databases(view, engine)
    named = {service.name: service for service in view.services}
    hosts = [name for name in named if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text)]
    hosts += [each.service for each in view.references if each.client is client and each.service in named]
    for host in hosts:
        for server in servers:
            if any(selects(named[host].selector, having) for having in (server.labels, *(pod.labels for pod in server.pods))):
                return server
    called = [each for each in servers if each.name in view.calls.get(client.name, ())]
    spoken = [each for each in servers if _speaks_of(view, client, each)]
    free = [each for each in servers if not view.callers.get(each.name) and not _private(view, each, client)]
    return next((some[0] for some in (called, spoken, servers, free) if len(some) == 1), None)


def _private(view: View, server: Workload, client: Workload) -> bool:
    """Whether a database is named after another workload: its own, by the convention of charts."""
    others = [each.name for each in view.workloads if each not in (server, client) and not is_database(each) and len(each.name) > 2]
    return any(server.name.startswith(name) and server.name != name for name in others)


def _speaks_of(view: View, client: Workload, server: Workload) -> bool:
    """Whether a client's log names a Service of the server."""
    names = {service.name for service in view.services if any(selects(service.selector, pod.labels) for pod in server.pods)}
    named = Signature(
        re.compile("|".join(rf"(?<![\\w.-]){re.escape(name)}(?![\\w-])" for name in sorted(names)) or r"(?!)"), tuple(names)
    )
    return bool(names) and any(next(log.matching(named, most=1), None) for log in view.logs_of(client))


def exhausted(view: View) -> Iterator[Hypothesis]:
    """A database has no connection left: its own log or probe says so, or several clients do (server texts)."""
    yield from _of_server(view, EXHAUSTED, "db_connection_exhaustion", "has no connection left")


def read_only(view: View) -> Iterator[Hypothesis]:
    """A database refuses to write: clients' logs say so (server texts)."""
    yield from _of_server(view, READ_ONLY, "db_read_only", "does not let its clients write")


@dataclass(slots=True)
class _Blamed:
    """A database, who complains of it, and what it says itself."""

    server: Workload
    clients: list[Complaint]
    own: list[Proof]


def _of_server(view: View, signature: Signature, fault: str, words: str) -> Iterator[Hypothesis]:
    blamed = {server.name: _Blamed(server, [], own) for server in databases(view) if (own := _own_words(view, server, signature))}
    alone = next(iter(blamed.values())).server if len(blamed) == 1 else None
    for each in complaints(view, {"": signature}):
        if is_database(each.client):
            continue
        server = server_of(view, each.client, _engine(each.line.text), each.line.text) or alone
        if server is None and is_django(each.client):
            continue  # its own rule: the database is not among what was collected
        server = server or each.client
        blamed.setdefault(server.name, _Blamed(server, [], [])).clients.append(each)
    for each_ in blamed.values():
        if not each_.own and sum(one.times for one in each_.clients) < 2:
            continue
        yield suppose(
            fault,
            each_.server.app,
            each_.server.namespace,
            0.95 if each_.own else 0.85 if len(each_.clients) > 1 else 0.75,
            f"{each_.server.name} {words}.",
            [*each_.own[:3], *(logged(one.line) for one in each_.clients[:4])],
            explains=[each_.server.app, *(one.client.app for one in each_.clients), *_clients(view, each_.server)],
        )


_ENGINES = (
    ("postgresql", "too many clients"),
    ("postgresql", "connection slots"),
    ("postgresql", "read-only transaction"),
    ("mysql", "too many connections"),
    ("mysql", "read-only option"),
    ("redis", "max number of clients"),
    ("redis", "readonly"),
)


def _engine(text: str) -> str:
    """Which server words it like this."""
    return next((engine for engine, words in _ENGINES if words in text.lower()), "")


def _own_words(view: View, server: Workload, signature: Signature) -> list[Proof]:
    """What a database says itself: its log, and its probes' events of the last minutes."""
    events = [event for pod in server.pods for event in view.events_of_pod(pod) if signature.pattern.search(event.message)]
    recent = [heard(event) for event in events if not view.now or view.now - event.at < 600][:2]
    lines = [line for log in view.logs_of(server) if not log.source.previous for line in log.matching(signature, most=1)]
    return recent + [logged(line) for line in lines if line.within(CURRENT)]


def _clients(view: View, server: Workload) -> list[str]:
    return [f"app/{name}" for name in view.callers.get(server.name, ())]


def ports(view: View) -> Iterator[Hypothesis]:
    """A client that does not stay up cannot reach a database that serves others: the port it has is wrong (client texts)."""
    told = [each for each in complaints(view, _REFUSED) if each.client.troubled and not is_database(each.client, each.engine)]
    told = [each for each in told if not _cannot_resolve(view, each.client)]
    for each in told:
        server = server_of(view, each.client, each.engine, each.line.text)
        wrong, refused = _wrong_port(view, each), _refuses(view, each.client)
        servers = [server] if server else databases(view, each.engine)
        serving = (
            bool(servers) and all(one.ready > 0 for one in servers) and len([one for one in told if one.engine == each.engine]) <= 2
        )
        if not wrong and not (serving and refused):
            continue
        yield suppose(
            f"{each.engine}_invalid_port",
            each.client.app,
            each.client.namespace,
            0.93 if wrong else 0.88,
            f"{each.client.name} does not reach its database, which serves others.",
            [logged(each.line), *([logged(refused)] if refused else [])],
            explains=[each.client.app],
        )


def _wrong_port(view: View, each: Complaint) -> bool:
    """Whether a variable gives the database a port that its Service does not have."""
    for reference in view.references:
        service = view.service(reference.namespace, reference.service)
        if (
            reference.client is each.client
            and service
            and reference.address.port
            and not service.listens_on(reference.address.port)
        ):
            usual = any(whole(port, "port") == _USUAL[each.engine] for port in service.ports)
            if usual or each.engine in reference.address.scheme:
                return True
    return False


def _refuses(view: View, client: Workload) -> Line | None:
    return next((line for log in view.logs_of(client) for line in log.matching(_DOWN, most=1)), None)


def _cannot_resolve(view: View, client: Workload) -> bool:
    return any(next(log.matching(UNKNOWN_HOST, most=1), None) for log in view.logs_of(client) if not log.source.previous)


RULES = (credentials, exhausted, read_only, ports)
