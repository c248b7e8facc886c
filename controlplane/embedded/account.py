"""The system account PostgreSQL runs as when Timonel runs as root: PostgreSQL itself refuses to be root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from controlplane.core.errors import OutsideError

NAME = "pgserver"
FALLBACKS = ("postgres", "nobody")  # where no account can be made
PASS = stat.S_IXOTH
READ = stat.S_IROTH


def needed() -> str | None:
    """The account the server must run as, made if need be; None for the present one."""
    if os.geteuid() != 0:
        return None
    if _exists(NAME) or _create():
        return NAME
    for name in FALLBACKS:
        if _exists(name):
            return name
    raise OutsideError(
        "PostgreSQL refuses to run as root, and there is no other account to run it as.",
        cure="Run Timonel as an ordinary user, make an account named 'pgserver', or set DATABASE_URL to a server of your own.",
    )


def give(name: str, *owned: Path) -> None:
    """Let the account own these paths."""
    entry = pwd.getpwnam(name)
    for path in owned:
        if path.stat().st_uid != entry.pw_uid:
            os.chown(path, entry.pw_uid, entry.pw_gid)


def open_the_way(path: Path) -> list[Path]:
    """Let other accounts pass through the folders above the path (not list them); return those that were changed."""
    changed = []
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & PASS:
            _chmod(folder, mode | PASS)
            changed.append(folder)
    return changed


def make_readable(folder: Path) -> None:
    """Let other accounts read and run what is in the folder (programs installed under a narrow umask)."""
    if folder.stat().st_mode & PASS and folder.stat().st_mode & READ:
        return
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        _chmod(path, mode | READ | (PASS if mode & stat.S_IXUSR else 0))


def _chmod(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except OSError as error:
        raise OutsideError(
            f"PostgreSQL runs as another account than root and cannot reach {path} ({error.strerror}).",
            cure="Run Timonel as an ordinary user, or choose a folder others can pass to: --data /var/lib/timonel.",
        ) from error


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _create() -> bool:
    useradd, adduser = shutil.which("useradd"), shutil.which("adduser")
    if useradd:
        command = [useradd, "--system", "--no-create-home", "--shell", "/bin/sh", NAME]
    elif adduser:  # BusyBox
        command = [adduser, "-S", "-D", "-H", "-s", "/bin/sh", NAME]
    else:
        return False
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    return done.returncode == 0 and _exists(NAME)
