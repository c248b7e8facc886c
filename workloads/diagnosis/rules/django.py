"""Django: what its processes say and how they are set. Rests on texts of Django, gunicorn, uWSGI, Celery, and on variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Proof
from workloads.diagnosis.measuring import points, quantile
from workloads.diagnosis.rules.making import logged, measured, seen, suppose
from workloads.diagnosis.rules.marks import argv, is_django
from workloads.diagnosis.times import seconds
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Line, Signature
from workloads.diagnosis.view.pods import Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import dig, rows, table, whole, word, words

CURRENT = 300.0
_NOT_PRODUCTION = re.compile(r"(?:^|[-_])(?:dev|devel|development|local|test|testing|staging|sandbox|preview)(?:$|[-_\d])", re.I)
_TRUE = ("1", "true", "yes", "on")

_UNAPPLIED = Signature(re.compile(r"You have (\d{1,4}) unapplied migration|unapplied migration"), ("unapplied migration",))
_NO_TABLE = Signature(
    re.compile(r'relation "[^"]{1,100}" does not exist|no such table: |Table \'[^\']{1,200}\' doesn\'t exist|UndefinedTable'),
    ("does not exist", "no such table", "doesn't exist", "undefinedtable"),
)
_NO_COLUMN = Signature(
    re.compile(
        r"column \S{1,200} (?:of relation \S{1,200} )?does not exist|no such column: |Unknown column '"
        r"|UndefinedColumn|has no column named"
    ),
    ("does not exist", "no such column", "unknown column", "undefinedcolumn", "no column named"),
)
_MIGRATION = Signature(
    re.compile(
        r"django\.db\.utils\.\w{1,40}Error|InconsistentMigrationHistory"
        r"|CommandError: Conflicting migrations|NodeNotFoundError|DuplicateColumn|IrreversibleError"
    ),
    (
        "django.db.utils",
        "inconsistentmigrationhistory",
        "conflicting migrations",
        "nodenotfounderror",
        "duplicatecolumn",
        "irreversibleerror",
    ),
)
_SETTING = Signature(
    re.compile(
        r"ImproperlyConfigured: .{0,300}|UndefinedValueError: \S{1,100} not found"
        r"|KeyError: '[A-Z][A-Z0-9_]{2,60}'|Set the \S{1,80} environment variable"
        r"|environment variable \"?[A-Z][A-Z0-9_]{2,60}\"? (?:is )?(?:not set|required|missing)"
    ),
    ("improperlyconfigured", "undefinedvalueerror", "keyerror: '", "environment variable"),
)
_HOST = Signature(re.compile(r"Invalid HTTP_HOST header: '(?P<host>[^']{1,253})'"), ("invalid http_host header",))
_STATIC = Signature(
    re.compile(
        r"Missing staticfiles manifest entry for|staticfiles\.json.{0,80}(?:not found|No such file)"
        r"|The file '.{1,200}' could not be found with <.{0,80}StaticFilesStorage"
    ),
    ("missing staticfiles manifest", "staticfiles.json", "staticfilesstorage"),
)
_TIMEOUT = Signature(re.compile(r"WORKER TIMEOUT \(pid:|HARAKIRI ON WORKER|\*\*\* HARAKIRI"), ("worker timeout", "harakiri"))
_CLIENTS = Signature(
    re.compile(
        r"OperationalError.{0,300}(?:too many clients already|remaining connection slots"
        r"|Too many connections)|FATAL: {1,3}(?:sorry, too many clients|remaining connection slots)"
    ),
    ("too many clients", "connection slots", "too many connections"),
)
_CHECKS = (
    ("debug_in_production", Signature(re.compile(r"\(security\.W018\)"), ("security.w018",))),
    ("secret_key_insecure", Signature(re.compile(r"\(security\.W009\)"), ("security.w009",))),
)
_QUEUE = re.compile(
    r"celery.{0,30}(?:queue|length|messages|pending)|queue_(?:length|messages)"
    r"|rabbitmq_queue_messages|redis_(?:list|key).{0,10}(?:length|size)",
    re.I,
)


def _line(view: View, workload: Workload, signature: Signature, pods: tuple[Pod, ...] | None = None) -> Line | None:
    """A line of its log that counts now: of a workload in trouble any, else of the last minutes."""
    logs = view.logs_of(workload) if pods is None else [log for pod in pods for log in view.logs_of_pod(pod)]
    for log in logs:
        for line in log.matching(signature, most=1):
            if workload.troubled or (not log.source.previous and line.within(CURRENT)):
                return line
    return None


def migrating(view: View) -> Iterator[tuple[Workload, bool, str]]:
    """Jobs that migrate: with whether they failed, and what they say of it."""
    for workload in view.workloads:
        if workload.kind != "Job" or not re.search(r"migrat", f"{workload.name} {argv(workload)}", re.I):
            continue
        status = table(workload.obj, "status")
        failed = any(word(each, "type") == "Failed" and word(each, "status") == "True" for each in rows(status, "conditions"))
        failing = whole(status, "failed") > 0 and not whole(status, "succeeded")
        yield workload, failed or failing, f"failed {whole(status, 'failed')} times, succeeded {whole(status, 'succeeded')} times"


def migration_failed(view: View) -> Iterator[Hypothesis]:
    """The latest migration Job failed, or the init container that migrates does not end well."""
    jobs = sorted(migrating(view), key=lambda each: seconds(word(each[0].obj, "metadata", "creationTimestamp")))
    for job, failed, text in jobs[-1:]:
        if failed:
            lines = [logged(line) for log in view.logs_of(job) for line in log.matching(_MIGRATION, most=2)]
            yield suppose(
                "migration_failed",
                job.app,
                job.namespace,
                0.93,
                f"The migration {job.name} failed.",
                [seen(job.path, text), *lines],
                explains=_pending(view, job.namespace),
            )
    for workload in view.workloads:
        for pod in workload.standing_pods if workload.troubled else ():
            for each in pod.containers:
                command = " ".join((*words(each.spec, "command"), *words(each.spec, "args")))
                if each.init and "migrate" in command and not each.ready and (each.restarts or whole(each.ended, "exitCode") > 0):
                    lines = [
                        logged(line)
                        for log in view.logs_of_pod(pod)
                        if log.source.container == each.name
                        for line in log.matching(_MIGRATION, most=2)
                    ]
                    proof = seen(
                        f"pod/{pod.name}",
                        f"init container {each.name} ends with {word(each.ended, 'exitCode')}, {each.restarts} restarts",
                    )
                    yield suppose(
                        "migration_failed",
                        workload.app,
                        workload.namespace,
                        0.9 if lines else 0.7,
                        f"The migration before {workload.name} fails.",
                        [proof, *lines],
                        explains=[workload.app],
                    )


def _pending(view: View, namespace: str) -> list[str]:
    return [each.app for each in view.workloads if each.namespace == namespace and is_django(each) and each.kind != "Job"]


def schema(view: View) -> Iterator[Hypothesis]:
    """Code and schema do not fit: old pods miss what a migration took away, or new pods miss what none made yet."""
    migrated = max(
        (seconds(word(job.obj, "status", "completionTime")) for job, failed, _ in migrating(view) if not failed), default=0.0
    )
    for workload in view.workloads:
        if workload.kind == "Job" or not is_django(workload):
            continue
        found = _line(view, workload, _UNAPPLIED) or _line(view, workload, _NO_TABLE) or _line(view, workload, _NO_COLUMN)
        if not found:
            continue
        before = tuple(pod for pod in workload.standing_pods if 0 < pod.created_at < migrated)
        old = _line(view, workload, _NO_COLUMN, before) or _line(view, workload, _NO_TABLE, before)
        if before and old:
            proofs = [logged(old), seen(f"pod/{before[0].name}", "runs the code from before the migration")]
            yield suppose(
                "migration_breaks_running_code",
                workload.app,
                workload.namespace,
                0.9,
                f"A migration took away what {workload.name} still uses.",
                proofs,
                explains=[workload.app],
            )
        else:
            yield suppose(
                "pending_migrations",
                workload.app,
                workload.namespace,
                0.88,
                f"{workload.name} runs without its migrations.",
                [logged(found)],
                explains=[workload.app],
            )


def settings(view: View) -> Iterator[Hypothesis]:
    """A Django process does not start because a setting is missing."""
    for workload in view.workloads:
        line = _line(view, workload, _SETTING) if workload.troubled and is_django(workload) else None
        if line:
            yield suppose(
                "missing_setting",
                workload.app,
                workload.namespace,
                0.93,
                f"{workload.name} lacks a setting.",
                [logged(line)],
                explains=[workload.app],
            )


def hosts(view: View) -> Iterator[Hypothesis]:
    """Django refuses a host name that is its own: of a route, of its Service, or of its failing probe. Others' are noise."""
    for workload in view.workloads:
        if not is_django(workload):
            continue
        own = _own_hosts(view, workload)
        for log in view.logs_of(workload):
            for line in log.matching(_HOST, most=20):
                match = _HOST.pattern.search(line.text)
                host = (match["host"] if match else "").rsplit(":", 1)[0].lower()
                if host in own and (workload.troubled or line.within(CURRENT)):
                    yield suppose(
                        "disallowed_host",
                        workload.app,
                        workload.namespace,
                        0.92,
                        f"{workload.name} refuses its own name {host}.",
                        [logged(line)],
                        explains=[workload.app],
                    )
                    return


def _own_hosts(view: View, workload: Workload) -> set[str]:
    names = {service.name for service in view.services_of(workload)}
    found = {
        f"{name}{end}"
        for name in names
        for end in ("", f".{workload.namespace}", f".{workload.namespace}.svc", f".{workload.namespace}.svc.cluster.local")
    }
    for obj in (*view.kind("Ingress"), *view.kind("HTTPRoute"), *view.kind("VirtualService")):
        if view.seen(obj):
            found |= {word(rule, "host").lower() for rule in rows(obj, "spec", "rules")}
            found |= {each.lower() for each in (*words(obj, "spec", "hostnames"), *words(obj, "spec", "hosts"))}
    found |= {word(pod.obj, "status", "podIP") for pod in workload.standing_pods if not pod.ready}
    return found - {"", "*"}


def static_files(view: View) -> Iterator[Hypothesis]:
    """Pages fail because collectstatic did not run: the manifest lacks a file."""
    for workload in view.workloads:
        line = _line(view, workload, _STATIC) if is_django(workload) else None
        if line:
            yield suppose(
                "static_files_missing",
                workload.app,
                workload.namespace,
                0.9,
                f"{workload.name} misses static files.",
                [logged(line)],
                explains=[workload.app],
            )


def insecure(view: View) -> Iterator[Hypothesis]:
    """Debug mode or a weak secret key outside of development: by variables, or by what `check --deploy` printed."""
    for workload in view.workloads:
        if not is_django(workload) or workload.kind == "Job" or _NOT_PRODUCTION.search(workload.namespace) or not workload.desired:
            continue
        for fault, signature in _CHECKS:
            line = _line(view, workload, signature)
            proof = logged(line) if line else _variable(workload, fault)
            if proof:
                yield suppose(
                    fault, workload.app, workload.namespace, 0.62, f"{workload.name}: {fault.replace('_', ' ')}.", [proof]
                )


def _variable(workload: Workload, fault: str) -> Proof | None:
    for name, value in workload.env().items():
        if fault == "debug_in_production" and re.fullmatch(r"(?:DJANGO_|APP_)?DEBUG", name) and value.lower() in _TRUE:
            return seen(workload.path, f"{name}={value}")
        if (
            fault == "secret_key_insecure"
            and re.fullmatch(r"(?:DJANGO_|APP_)?SECRET_KEY", name)
            and (value.startswith("django-insecure-") or 0 < len(value) < 32)
        ):
            return seen(
                workload.path,
                f"{name} stands in the manifest: {len(value)} characters{', made for development' * value.startswith('django-')}",
            )
    return None


def connections(view: View) -> Iterator[Hypothesis]:
    """A Django application gets no connection more, and no database of the cluster says that it has none: its own use of them."""
    for workload in view.workloads:
        line = _line(view, workload, _CLIENTS) if is_django(workload) else None
        if line:
            yield suppose(
                "database_connections_exhausted",
                workload.app,
                workload.namespace,
                0.88,
                f"{workload.name} uses up the connections of its database.",
                [logged(line)],
                explains=[workload.app],
            )


def timeouts(view: View) -> Iterator[Hypothesis]:
    """gunicorn or uWSGI kills workers that take too long, again and again, lately."""
    for workload in view.workloads:
        lines = [
            line
            for log in view.logs_of(workload)
            if not log.source.previous
            for line in log.matching(_TIMEOUT, most=5)
            if line.within(CURRENT)
        ]
        if len(lines) > 1:
            yield suppose(
                "wsgi_worker_timeout",
                workload.app,
                workload.namespace,
                0.82,
                f"Workers of {workload.name} take too long and are killed.",
                map(logged, lines[:3]),
                explains=[workload.app],
            )


def celery(view: View) -> Iterator[Hypothesis]:
    """Celery: more than one beat, workers that are not there, a queue that only grows."""
    running = [each for each in view.workloads if each.kind != "Job" and "celery" in argv(each)]
    beats = [each for each in running if re.search(r"\bbeat\b|\s-B\b|--beat\b", argv(each)) and each.desired]
    if sum(each.desired for each in beats) > 1:
        most = max(beats, key=lambda each: each.desired)
        proofs = [seen(each.path, f"replicas {each.desired}: {argv(each)[:120]}") for each in beats]
        yield suppose("beat_duplicated", most.app, most.namespace, 0.9, "More than one beat sends the same tasks.", proofs)
    workers = [each for each in running if re.search(r"\bworker\b", argv(each))]
    growing = _growing(view)
    for worker in workers:
        wanted = worker.desired or growing
        if wanted and not worker.ready and not any(pod.unscheduled for pod in worker.pods) and _lasting(view, worker):
            proofs = [seen(worker.path, f"0 of {worker.desired} workers ready"), *growing[:1]]
            yield suppose(
                "celery_worker_down",
                worker.app,
                worker.namespace,
                0.72 if growing else 0.6,
                f"No worker of {worker.name} runs.",
                proofs,
                explains=[worker.app],
            )
    ready = [each for each in workers if each.ready]
    if growing and ready and all(each.ready for each in workers if each.desired):
        most = max(ready, key=lambda each: each.desired)
        yield suppose(
            "celery_queue_growing",
            most.app,
            most.namespace,
            0.8,
            "The queue grows faster than the workers empty it.",
            growing,
            explains=[most.app],
        )


def _lasting(view: View, worker: Workload) -> bool:
    return all(not view.now or not pod.created_at or view.now - pod.created_at > 60 for pod in worker.standing_pods)


def _growing(view: View) -> list[Proof]:
    """Queue lengths that grow over the whole time that was measured."""
    found = []
    for series in view.snapshot.metrics or ():
        name = word(series, "metric", "__name__")
        values = [value for _, value in points(series)] if _QUEUE.search(name) else []
        third = len(values) // 3
        if third >= 3:
            begin, middle, end = (quantile(part, 0.5) for part in (values[:third], values[third : 2 * third], values[-third:]))
            if end > middle > begin and end >= max(2 * begin, begin + 50):
                found.append(
                    measured(
                        f"{name} {word(series, 'metric', 'queue')}",
                        f"{begin:.0f} -> {middle:.0f} -> {end:.0f}",
                        float(dig(series, "values", -1, 0) or 0),
                    )
                )
    return found


RULES = (migration_failed, schema, settings, hosts, static_files, insecure, connections, timeouts, celery)
