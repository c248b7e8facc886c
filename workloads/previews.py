"""What a Change would do, as canonical bytes: shown to people, hashed, rendered again at the last moment.

Rendering is deterministic: the same rows give the same bytes. Facts that cost time to find (commits, files, pending
migrations) belong to immutable commits; they come in as an argument, are kept with the Action and rendered again from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.crypto import salted_hmac

from controlplane.core.redaction import SECRET_NAME, redact, redact_value
from workloads.models import Deployment, Environment, Release
from workloads.schema import Classified

MASKED = "••••••"
SEAL = "workloads.previews"


@dataclass(frozen=True, slots=True)
class Preview:
    """The exact bytes a person decides on, and their SHA-256 (64 small hexadecimal digits)."""

    content: bytes
    sha256: str

    def document(self) -> dict[str, Any]:
        """The bytes as a dictionary."""
        return parse(self.content)


@dataclass(frozen=True, slots=True)
class Migration:
    """One pending (or, for a rollback, applied) operation with its classes, as a preview shows it."""

    app: str
    name: str
    operation: str
    kinds: tuple[str, ...]
    reason: str
    warnings: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()

    @classmethod
    def of(cls, classified: Classified) -> Migration:
        """A classified operation; its reason names it, so that it can stand alone."""
        return cls(
            app=classified.app,
            name=classified.migration,
            operation=classified.text,
            kinds=tuple(kind.value for kind in classified.kinds),
            reason=f"{classified.app}.{classified.migration}: {classified.text}. {classified.reason}".strip(),
            warnings=classified.warnings,
            sql=tuple(classified.sql or ()),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found out about a release beside its row: commits are {"sha", "author", "message"}, newest first."""

    commits: tuple[dict[str, str], ...] = ()
    files: tuple[str, ...] = ()
    migrations: tuple[Migration, ...] = ()
    notes: tuple[str, ...] = ()
    # What a world outside would become (`workloads.foreseen`), for a driver that looked.
    world: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values for an Action's parameters, redacted: commits and files come from outside."""
        seen = {"world": dict(self.world)} if self.world else {}
        return seen | {
            "commits": [{key: redact(value) for key, value in commit.items()} for commit in self.commits],
            "files": list(self.files),
            "migrations": [redact_value(asdict(migration)) for migration in self.migrations],
            "notes": list(self.notes),
        }


def migrations_of(facts: Mapping[str, Any]) -> list[Migration]:
    """The migrations in an Action's stored facts."""
    lists = ("kinds", "warnings", "sql")
    return [Migration(**{**item, **{name: tuple(item[name]) for name in lists}}) for item in facts.get("migrations", [])]


def seal(document: Mapping[str, Any]) -> Preview:
    """The document as canonical JSON with its hash."""
    content = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return Preview(content, sha256(content))


def canonical(value: Any) -> str:
    """Any plain value as text: the same for the same content."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha256(content: bytes | memoryview) -> str:
    """The SHA-256 of the bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def parse(content: bytes | memoryview) -> dict[str, Any]:
    """The document in stored preview bytes."""
    document: dict[str, Any] = json.loads(bytes(content))
    return document


def seal_of(value: Any) -> str:
    """A keyed digest that binds a value without showing it."""
    return _mac(value)


def target(environment: Environment, current: Deployment | None) -> dict[str, Any]:
    """Where it would happen, as it is now: whatever moves here makes the preview another one."""
    return {
        "environment": str(environment),
        "id": environment.pk,
        "tier": environment.tier,
        "driver": environment.driver,
        "port": environment.port,
        "deployment": current.pk if current else None,
        "release": current.release_id if current else None,
        "configuration": current.release.configuration_digest if current else None,
        "variables": _variables_seal(environment),
        "policy": {
            "quorum": environment.quorum,
            "required_role": environment.required_role,
            "expires_after": str(environment.approval_expires_after or ""),
        },
        "fence": environment.fence,
    }


def render(
    environment: Environment, release: Release, previous: Release | None, facts: Mapping[str, Any], *, kind: str
) -> dict[str, Any]:
    """What making `release` live would do where `previous` runs now: code, configuration, migrations, processes, steps."""
    old, new = (previous.run_plan if previous else {}), release.run_plan
    return {
        "kind": kind,
        "what": sentence(kind, release, environment, previous),
        "from": describe(previous) if previous else None,
        "to": describe(release),
        "commits": facts.get("commits", []),
        "files": facts.get("files", []),
        "configuration": configuration_diff(previous.configuration if previous else {}, release.configuration),
        "configuration_seal": _mac(release.configuration),
        "migrations": facts.get("migrations", []),
        "processes": process_diff(old.get("processes", {}), new.get("processes", {})),
        "release_steps": [_step(step) for step in new.get("release_steps", [])],
        "run_plan": {key: value for key, value in new.items() if key not in {"processes", "release_steps"}},
        "notes": facts.get("notes", []),
        **({"world": facts["world"]} if facts.get("world") else {}),
    }


def sentence(kind: str, release: Release, environment: Environment, previous: Release | None) -> str:
    """The first sentence of a Change: what will happen to what."""
    place = f"{release.application.name} in {environment.name}"
    if kind == "roll_back":
        return f"Roll {place} back to {release.label}" + (f", replacing {previous.label}." if previous else ".")
    return f"Roll out {release.label} of {place}" + (f", replacing {previous.label}." if previous else " as its first release.")


def describe(release: Release) -> dict[str, Any]:
    """A release as a preview shows it."""
    return {
        "release": release.pk,
        "label": release.label,
        "commit": release.commit,
        "author": release.commit_author,
        "authored_at": release.authored_at.isoformat() if release.authored_at else None,
        "message": redact(release.message),
        "artefact": release.artefact_digest,
        **({"image": release.image} if release.image else {}),
        "configuration": release.configuration_digest,
    }


def configuration_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The variables that differ, secrets masked: {"name", "change", "before", "after", "secret"}."""
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return [_difference(name, old.get(name), new.get(name)) for name in changed]


def _difference(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any]:
    secret = any(bool(side and side.get("secret")) for side in (old, new)) or bool(SECRET_NAME.search(name))
    change = "added" if old is None else "removed" if new is None else "changed"
    return {"name": name, "change": change, "before": _shown(old, secret), "after": _shown(new, secret), "secret": secret}


def _shown(side: Mapping[str, Any] | None, secret: bool) -> str | None:
    if side is None:
        return None
    if side.get("binding"):
        return f"provided: {side['binding']}"
    return MASKED if secret else redact(str(side.get("value", "")))


def process_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The processes of two run plans: {"name", "change" (added, removed, changed, same), "before", "after"}."""
    return [
        {
            "name": name,
            "change": "added" if name not in old else "removed" if name not in new else _same(old[name], new[name]),
            "before": _words(old.get(name)),
            "after": _words(new.get(name)),
        }
        for name in sorted({*old, *new})
    ]


def _same(old: Any, new: Any) -> str:
    return "same" if old == new else "changed"


def _words(argv: Iterable[str] | None) -> list[str]:
    return [redact(word) for word in argv or ()]


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {**step, "run": _words(step.get("run"))}


def _variables_seal(environment: Environment) -> str:
    return _mac([[row.name, row.value, row.secret] for row in environment.variables.order_by("name")])


def _mac(value: Any) -> str:
    """A keyed digest: shows that a value is the same one without helping anybody to guess it."""
    return salted_hmac(SEAL, json.dumps(value, sort_keys=True), algorithm="sha256").hexdigest()
