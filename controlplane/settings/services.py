"""Where `manage.py up` leaves the addresses and secrets of what it started, for the other commands."""

import json
import os
from pathlib import Path

NAMES = ("DATABASE_URL", "REDIS_URL", "TIMONEL_SECRET_KEY", "TIMONEL_ENCRYPTION_KEYS")


def data_folder() -> Path:
    """Timonel's data folder."""
    default = Path(__file__).resolve().parent.parent.parent / ".timonel"
    return Path(os.environ.get("TIMONEL_DATA") or default).resolve()


def services_file() -> Path:
    """The file that names the running servers; readable by its owner only."""
    return data_folder() / "run" / "services.json"


def publish_to_environment() -> None:
    """Set what the file says, where the environment does not say otherwise."""
    try:
        found = json.loads(services_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in NAMES:
        if name in found and f"{name}_FILE" not in os.environ:
            os.environ.setdefault(name, str(found[name]))
