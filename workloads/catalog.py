"""Applications and their environments: register, add, set variables."""

from __future__ import annotations

import secrets as randomness
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from controlplane.core import audit, rights
from controlplane.core.actors import Actor, ActorKind
from controlplane.core.errors import Conflict, Invalid
from controlplane.core.permissions import Verb
from controlplane.core.redaction import SECRET_NAME, redact, redact_value
from workloads.adapters import git
from workloads.history import mirror_of, mirrors
from workloads.models import Application, Environment, Variable
from workloads.models.catalog import NAME, VARIABLE_NAME
from workloads.source.project import Project
from workloads.source.understand import understand

FETCH_SECONDS = 600.0
LONGEST_VALUE = 32_768  # characters of a variable
FIRST_PORT, PORTS = 8100, 900
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Registered:
    """A new application, its first environment, and what was understood of its files."""

    application: Application
    environment: Environment
    project: Project


def register(
    actor: Actor, name: str, repository: str, *, folder: str = "", default_ref: str = "HEAD", allow_unpinned_sources: bool = False
) -> Registered:
    """Fetch the repository, understand it, create the application and its environment `local`; grants nothing to anybody.

    Raises Conflict when the name is taken, Invalid when the repository holds no Django project.
    """
    _demand(actor, Verb.ADMINISTER, ["*"], "applications")
    _check(NAME, name, "name of an application")
    if Application.objects.filter(name=name).exists():
        raise Conflict(f"There is an application {name} already.", cure="Choose another name, or deploy the one that is there.")
    mirror = mirrors() / f"new-{randomness.token_hex(6)}.git"
    try:
        git.clone_or_fetch(repository, mirror, deadline=time.monotonic() + FETCH_SECONDS)
        project = look(mirror, default_ref, folder)
        with transaction.atomic():
            application = Application.objects.create(
                name=name,
                repository=_address(repository),
                folder=folder.strip("/"),
                default_ref=default_ref,
                understood=redact_value(asdict(project)),
                allow_unpinned_sources=allow_unpinned_sources,
            )
            audit.record(actor, "application.register", application, after={"repository": redact(repository), "folder": folder})
            environment = _make_environment(actor, application, LOCAL, Environment.Tier.LOCAL, Environment.Driver.PROCESS)
            mirror.replace(mirror_of(application))
    finally:
        shutil.rmtree(mirror, ignore_errors=True)
        mirror.with_suffix(".lock").unlink(missing_ok=True)
    return Registered(application, environment, project)


def look(mirror: Path, ref: str, folder: str = "") -> Project:
    """Understand the project of a ref in a mirror."""
    work = Path(settings.DATA_DIR) / "work" / f"look-{randomness.token_hex(6)}"
    try:
        absent = git.export(mirror, git.resolve(mirror, ref).sha, work / "source")
        project = understand(work / "source", folder)
        note = f"The repository lacks the content of {len(absent)} of its files: {', '.join(absent[:5])}."
        return replace(project, notes=(*project.notes, note)) if absent else project
    finally:
        shutil.rmtree(work, ignore_errors=True)


def add_environment(
    actor: Actor, application: Application, name: str, tier: str, driver: str = Environment.Driver.PROCESS
) -> Environment:
    """Another place where the application runs; with a stable address of its own."""
    _demand(actor, Verb.ADMINISTER, application.scopes, str(application))
    _check(NAME, name, "name of an environment")
    if application.environments.filter(name=name).exists():
        raise Conflict(f"{application} has an environment {name} already.", cure="Choose another name.")
    with transaction.atomic():
        return _make_environment(actor, application, name, tier, driver)


def set_variables(actor: Actor, environment: Environment, values: Mapping[str, str], secret: bool | None) -> None:
    """Set variables of an environment; they reach its processes with the next deployment.

    `secret` None: by the look of the name. Values are sealed in the database whatever is said of them.
    """
    _demand(actor, Verb.RUN, environment.scopes, f"the variables of {environment}")
    for name, value in values.items():
        _check(VARIABLE_NAME, name, "name of a variable")
        _check_value(name, value)
    with transaction.atomic():
        before = sorted(environment.variables.filter(name__in=values).values_list("name", flat=True))
        for name, value in values.items():
            hidden = looks_secret(name, value) if secret is None else secret
            Variable.objects.update_or_create(environment=environment, name=name, defaults={"value": value, "secret": hidden})
        audit.record(actor, "environment.set_variables", environment, before={"had": before}, after={"set": sorted(values)})


def remove_variable(actor: Actor, environment: Environment, name: str) -> None:
    """Take a variable away; the default or a binding takes its place with the next deployment."""
    _demand(actor, Verb.RUN, environment.scopes, f"the variables of {environment}")
    with transaction.atomic():
        if environment.variables.filter(name=name).delete()[0]:
            audit.record(actor, "environment.remove_variable", environment, before={"had": [name]})


def _check_value(name: str, value: str) -> None:
    if len(value) > LONGEST_VALUE:
        raise Invalid(f"The value of {name} is too long.", cure=f"At most {LONGEST_VALUE} characters are kept.")
    if "\0" in value:
        raise Invalid(f"The value of {name} holds a NUL character.", cure="No environment variable can; encode it, as Base64 does.")


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable must not be shown: by its name, or because its value carries a password."""
    return bool(SECRET_NAME.search(name)) or name.upper().endswith("KEY") or redact(value) != value


def _make_environment(actor: Actor, application: Application, name: str, tier: str, driver: str) -> Environment:
    port = _free_port() if driver == Environment.Driver.PROCESS else None  # on a cluster its route is its address
    environment = Environment.objects.create(application=application, name=name, tier=tier, driver=driver, port=port)
    audit.record(
        actor, "environment.create", environment, after={"tier": str(tier), "driver": str(driver), "port": environment.port}
    )
    return environment


def _free_port() -> int:
    """A port for a stable address: no other environment's, and nobody listens there now."""
    taken = set(Environment.objects.filter(port__isnull=False).values_list("port", flat=True))
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if port not in taken and _is_free(port):
            return port
    raise Conflict("No port is left for another stable address.", cure=f"Free one between {FIRST_PORT} and {FIRST_PORT + PORTS}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _address(repository: str) -> str:
    return str(Path(repository).resolve()) if Path(repository).exists() else repository


def _check(rule: object, value: str, what: str) -> None:
    try:
        rule(value)  # type: ignore[operator]
    except ValidationError as error:
        raise Invalid(f"{value!r} is not the {what}.", cure=" ".join(error.messages)) from error


def _demand(actor: Actor, verb: Verb, scopes: list[str], what: str) -> None:
    """People need the right; Timonel's own parts act for somebody who had it."""
    if actor.kind != ActorKind.SYSTEM:
        rights.demand(actor, verb, scopes, what)
