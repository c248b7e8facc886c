"""What runs and answers: servers, the supervisor, worker, scheduler, host."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from controlplane.embedded.doctor.finding import Finding, version_of
from controlplane.embedded.ports import FIRST_WEB_PORT, is_free
from controlplane.embedded.postgres import BINARIES
from controlplane.embedded.valkey import PROGRAM

START = "Start Timonel: manage.py up (or make demo)."
FRESH = timedelta(seconds=30)


def examine(data: Path) -> list[Finding]:
    """The embedded programs, then what answers now; what rests on the database is asked only where that answers."""
    findings = [*_embedded(), _supervisor(data), _postgres(), _redis(), _host(data)]
    answers = {finding.subject: finding.state == "ok" for finding in findings}
    if answers["PostgreSQL"]:
        findings += [_guarded("Migrations", _migrations), _guarded("Scheduler", _scheduler)]
    if answers["Valkey or Redis"]:
        findings.append(_worker())
    return findings


def _embedded() -> list[Finding]:
    programs = {"Embedded PostgreSQL": BINARIES / "postgres", "Embedded Valkey": PROGRAM}
    findings = []
    for subject, path in programs.items():
        version = version_of([str(path), "--version"])
        cure = "Its program does not run on this system. Name servers of your own in DATABASE_URL and REDIS_URL."
        findings.append(Finding(subject, "ok", version) if version else Finding(subject, "warn", f"{path} does not run", cure))
    return findings


def _supervisor(data: Path) -> Finding:
    held = _held(data / "run" / "up.lock")
    if held is None:
        free = "port 8000 is free" if is_free(FIRST_WEB_PORT) else "port 8000 is taken, the next free one will be used"
        return Finding("Supervisor", "note", f"nothing runs on {data}; {free}", START)
    try:
        facts = json.loads(held)
    except ValueError:
        facts = {}
    return Finding("Supervisor", "ok", f"process {facts.get('pid', '?')}, {facts.get('address', 'still starting')}")


def _postgres() -> Finding:
    if not settings.DATABASE_URL:
        return Finding("PostgreSQL", "note", "not started, and DATABASE_URL names none", START)
    try:
        with psycopg.connect(settings.DATABASE_URL, connect_timeout=5) as server:
            version = server.info.parameter_status("server_version")
            vector = server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    except psycopg.Error as error:
        return Finding("PostgreSQL", "bad", _short(error), f"{START} Or correct DATABASE_URL.")
    detail = f"{version} at {_place(settings.DATABASE_URL)}"
    if not vector:
        return Finding("PostgreSQL", "bad", f"{detail}, without pgvector", "Install the extension pgvector on that server.")
    return Finding("PostgreSQL", "ok", detail)


def _redis() -> Finding:
    subject = "Valkey or Redis"
    if not settings.REDIS_URL:
        return Finding(subject, "note", "not started, and REDIS_URL names none", START)
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return Finding(subject, "bad", _short(error), f"{START} Or correct REDIS_URL.")
    return Finding(subject, "ok", f"answers at {_place(settings.REDIS_URL)}")


def _host(data: Path) -> Finding:
    held = _held(data / "run" / "host.lock")
    if held is None:
        return Finding("Host", "warn", "does not run: deployed applications are not served", f"{START} Or: manage.py host.")
    return Finding("Host", "ok", f"process {held.strip() or '?'}")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        return Finding(
            "Migrations", "bad", f"{len(pending)} are not applied", "manage.py migrate, or start again: up applies them."
        )
    return Finding("Migrations", "ok", "all applied")


def _scheduler() -> Finding:
    last = PeriodicTask.objects.filter(enabled=True, last_run_at__isnull=False).order_by("-last_run_at").first()
    if last is None or last.last_run_at is None or timezone.now() - last.last_run_at > FRESH:
        seen = f"last heard of at {last.last_run_at:%Y-%m-%d %H:%M}" if last and last.last_run_at else "never heard of"
        return Finding("Scheduler", "warn", seen, f"{START} Or: celery -A controlplane beat.")
    return Finding("Scheduler", "ok", f"sent a task {(timezone.now() - last.last_run_at).total_seconds():.0f} s ago")


def _worker() -> Finding:
    try:
        answers = current_app.control.ping(timeout=2.0)
    except OSError as error:
        return Finding("Worker", "bad", _short(error), START)
    if not answers:
        return Finding(
            "Worker", "warn", "none answers: runs are queued and wait", f"{START} Or: celery -A controlplane worker -P threads."
        )
    return Finding("Worker", "ok", ", ".join(name for answer in answers for name in answer))


def _guarded(subject: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except DatabaseError as error:
        return Finding(subject, "bad", _short(error), "manage.py migrate, or start again: up applies the migrations.")


def _held(lock: Path) -> str | None:
    """What the holder of the lock wrote into it; None while nobody holds it."""
    try:
        with lock.open("r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read()
    except OSError:
        pass
    return None


def _place(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port or 'default port'}"


def _short(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
