"""Signed heads: now and then the end of the audit's chain is written outside the database, signed with our own key.

Whoever can write to the database could write the whole chain anew; they cannot sign it. Copies of these files kept
elsewhere prove it even against whoever holds the machine.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from controlplane.core import signing
from controlplane.core.errors import Invalid
from controlplane.core.models import AuditEntry

RESTORE = "Restore the file from a copy."


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at one time: how many entries, the last one's number and hash, and when (ISO 8601)."""

    entries: int
    last: int
    hash: str
    at: str

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers."""
        return json.dumps(asdict(self), sort_keys=True).encode()


def folder() -> Path:
    """Where heads are written: one file a day, one line a head."""
    return Path(settings.DATA_DIR) / "audit-heads"


def export() -> Head | None:
    """Sign the present head and append it to the file of the day; None when nothing came since the last one.

    Raises Conflict when there is no key.
    """
    with _alone():
        head = _now()
        if head is None or head.last == _last_written():
            return None
        key, signature = signing.sign(head.signed_bytes)
        line = json.dumps({**asdict(head), "key": key, "signature": signature}, sort_keys=True)
        _append(folder() / f"{timezone.now():%Y-%m-%d}.jsonl", line)
    return head


def read(files: Sequence[Path], trusted: Sequence[str]) -> list[Head]:
    """The heads of these files. Raises Invalid for a line that is none, or that none of the trusted keys signed."""
    return [_checked(line, trusted, f"{file.name}, line {n}") for file in files for n, line in enumerate(_lines(file), 1)]


def written() -> list[Path]:
    """The files of heads that were exported here, oldest first."""
    return sorted(folder().glob("*.jsonl"))


def _now() -> Head | None:
    """The head of the chain. Numbers have no gaps, so the last one counts the entries."""
    last = AuditEntry.objects.order_by("-number").values_list("number", "hash").first()
    return Head(last[0], last[0], last[1], timezone.now().isoformat(timespec="seconds")) if last else None


def _last_written() -> int:
    files = written()
    lines = _lines(files[-1]) if files else []
    return int(json.loads(lines[-1])["last"]) if lines else 0


def _checked(line: str, trusted: Sequence[str], where: str) -> Head:
    try:
        found = json.loads(line)
        head = Head(int(found["entries"]), int(found["last"]), str(found["hash"]), str(found["at"]))
        key = str(found["key"])
        genuine = signing.fits(key, str(found["signature"]), head.signed_bytes)
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{where}: this is no signed head.", cure=RESTORE) from error
    if not genuine:
        raise Invalid(f"{where}: the signature does not fit, so the line was edited.", cure=RESTORE)
    if key not in trusted:
        raise Invalid(f"{where}: signed with a key that is not ours.", cure="Name the former key in TIMONEL_AUDIT_KEYS as well.")
    return head


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read.", cure="Name a file of signed heads (JSON lines).") from error


def _append(file: Path, line: str) -> None:
    """Put the file with one more line in its place at once: a crash leaves the old one."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as made:
        made.write(f"{before}{line}\n")
        made.flush()
        os.fsync(made.fileno())
    draft.replace(file)


@contextmanager
def _alone() -> Iterator[None]:
    """One exporter of this folder at a time."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
