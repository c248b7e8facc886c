"""`manage.py prepare`: make the keys, migrate, collect static files when they changed, make the administrator."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from controlplane.embedded import keys, preparation


class Command(BaseCommand):
    help = "Bring the database, the static files and the first administrator up to date; print what was done as one line of JSON."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, and say what was done."""
        keys.ensure(settings.DATA_DIR / "secrets")
        migrations = preparation.migrate()
        static = preparation.collect_static()
        account = preparation.ensure_administrator()
        parts = [
            f"{migrations} migrations applied" if migrations else "up to date",
            *(["static files collected"] if static else []),
        ]
        self.stdout.write(
            json.dumps({"summary": ", ".join(parts), "administrator": account.name, "password": account.password_to_show})
        )
