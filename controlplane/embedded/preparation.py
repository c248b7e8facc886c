"""What must be true before Timonel serves: migrated tables, collected static files, an administrator."""

from __future__ import annotations

import hashlib
import io
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role
from controlplane.settings import env


@dataclass(frozen=True, slots=True)
class Account:
    """The administrator; the password only where it was just made up and somebody must be told."""

    name: str
    password_to_show: str = ""


def migrate() -> int:
    """Apply what is pending; return how many migrations that were. One process at a time does it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [audit.LOCK + 1])
    try:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if pending:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        return pending
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [audit.LOCK + 1])


def collect_static() -> bool:
    """Collect the static files if any changed since the last time; return whether they had."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, stdout=io.StringIO(), skip_checks=True)
    stamp.write_text(now)
    return True


def ensure_administrator() -> Account:
    """Make the first administrator unless there is one; the name is empty when all were made elsewhere."""
    existing = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if existing:
        return Account(existing.get_username())
    name = env.text("TIMONEL_ADMIN_USER", "admin")
    given = env.text("TIMONEL_ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(12)
    with transaction.atomic():
        user = User.objects.create_superuser(name, env.text("TIMONEL_ADMIN_EMAIL", f"{name}@localhost"), password)
        RoleBinding.objects.create(user=user, role=Role.ADMINISTRATOR, scope="*")
        audit.record(Actor.system("up"), "user.create", user, after={"administrator": True})
    return Account(name, "" if given else password)


def _fingerprint() -> str:
    found = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = Path(storage.path(path)).stat()
            found.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return found.hexdigest()
