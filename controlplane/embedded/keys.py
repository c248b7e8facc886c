"""Timonel's own secrets, made at the first start and kept in DATA_DIR/secrets, readable by their owner only."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from controlplane.core import signing

FILES = {
    "TIMONEL_SECRET_KEY": "secret_key",
    "TIMONEL_ENCRYPTION_KEYS": "encryption_keys",
    "TIMONEL_AUDIT_KEYS": "audit_keys",
}


def ensure(folder: Path) -> None:
    """Make what is missing; what exists is never changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    create(folder / FILES["TIMONEL_SECRET_KEY"], secrets.token_urlsafe(64))
    create(folder / FILES["TIMONEL_ENCRYPTION_KEYS"], Fernet.generate_key().decode())
    create(folder / FILES["TIMONEL_AUDIT_KEYS"], signing.new_key())


def create(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, unless there is one with something in it."""
    if path.exists() and path.stat().st_size:
        return
    write(path, text)


def write(path: Path, text: str) -> None:
    """Put the text in the place of the file at once, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
