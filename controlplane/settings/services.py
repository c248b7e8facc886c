"""Where `manage.py up` leaves the addresses and keys of what it started, for the other commands."""

import json
import os
from pathlib import Path

ADDRESSES = ("DATABASE_URL", "REDIS_URL", "TIMONEL_APPLICATIONS_REDIS_URL", "TIMONEL_PUBLIC_URL")
KEYS = {
    "TIMONEL_SECRET_KEY": "secret_key",
    "TIMONEL_ENCRYPTION_KEYS": "encryption_keys",
    "TIMONEL_AUDIT_KEYS": "audit_keys",
}


def data_folder() -> Path:
    """Timonel's data folder."""
    default = Path(__file__).resolve().parent.parent.parent / ".timonel"
    return Path(os.environ.get("TIMONEL_DATA") or default).resolve()


def published() -> dict[str, str]:
    """The addresses in DATA_DIR/run/services.json and the keys in DATA_DIR/secrets, as far as there are any."""
    folder = data_folder()
    found = {name: text for name, file in KEYS.items() if (text := _read(folder / "secrets" / file))}
    try:
        addresses = json.loads(_read(folder / "run" / "services.json") or "{}")
    except ValueError:
        addresses = {}
    return found | {name: str(addresses[name]) for name in ADDRESSES if name in addresses}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
