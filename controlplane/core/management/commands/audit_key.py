"""`manage.py audit_key`: the public keys that the audit's heads are signed with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core import signing
from controlplane.core.errors import TimonelError


class Command(BaseCommand):
    """Print what an auditor keeps elsewhere, to check copies of the heads with `manage.py verify_audit --public-key`."""

    help = "Print the public keys (Ed25519, URL-safe base64) that the audit's heads are signed with, the present one first."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one key a line."""
        try:
            keys = signing.public_keys()
        except TimonelError as error:
            raise CommandError(str(error)) from error
        if not keys:
            raise CommandError(f"There is no key. {signing.NO_KEY}")
        self.stdout.write("\n".join(keys))
