"""`check --deploy` on the production settings with throwaway values: what a server installation would start with."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile

from cryptography.fernet import Fernet


def environment(data: str) -> dict[str, str]:
    """Settings of a production server; nothing here is used anywhere."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "controlplane.settings.production",
        "TIMONEL_DATA": data,
        "TIMONEL_SECRET_KEY": secrets.token_urlsafe(64),
        "TIMONEL_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "TIMONEL_ALLOWED_HOSTS": "timonel.example.org",
        "TIMONEL_TRUSTED_ORIGINS": "https://timonel.example.org",
        "DATABASE_URL": "postgresql://timonel:throwaway@db.example.org:5432/timonel",
        "REDIS_URL": "rediss://:throwaway@queue.example.org:6379/0",
    }


def main() -> int:
    """Run the check; return its exit code."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        return subprocess.call(command, env=environment(data))


if __name__ == "__main__":
    sys.exit(main())
