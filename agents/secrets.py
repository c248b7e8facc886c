"""The secrets that are known by heart: whatever a tool prints or a model is told, these are not in it."""

from __future__ import annotations

from agents.models import ModelEndpoint, Run
from controlplane.core.redaction import disguised
from workloads.models import Environment, Variable

SHORTEST_KEY = 8  # servers of one's own are given keys such as "none", which are words


def secrets_of(environment: Environment) -> frozenset[str]:
    """What the environment's processes are given and nobody else may see; a name that everybody sees is none."""
    values = [variable.value for variable in Variable.objects.filter(environment=environment, secret=True)]
    public = {environment.name, environment.application.name}
    kept = [*values, environment.secret_key, environment.database_url]
    return frozenset(value for value in kept if value and value not in public)


def known_secrets(run_id: int | None, environment_id: int | None = None) -> frozenset[str]:
    """Those of the run's environment, or of this one, and the keys of the models' endpoints; however they are disguised."""
    keys = frozenset(key for key in ModelEndpoint.objects.values_list("key", flat=True) if key and len(key) >= SHORTEST_KEY)
    run = Run.objects.filter(pk=run_id).first() if run_id is not None else None
    found = Environment.objects.select_related("application").filter(pk=run.environment_id if run else environment_id or 0)
    environment = found.first()
    return disguised(keys | (secrets_of(environment) if environment else frozenset()))
