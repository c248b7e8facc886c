"""What a command looks at: an environment, a cluster, or a namespace of one."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, NotFound
from workloads import clusters
from workloads.models import Environment
from workloads.snapshots import taking
from workloads.snapshots.taking import Scope


def add_arguments(parser: ArgumentParser, *, required: bool) -> None:
    """--environment, or --cluster with --namespace."""
    place = parser.add_mutually_exclusive_group(required=required)
    place.add_argument("--environment", metavar="APPLICATION/NAME", help="what runs on a cluster")
    place.add_argument("--cluster", metavar="NAME", help="a connected cluster")
    parser.add_argument("--namespace", default="", metavar="NS", help="of the cluster; without it, all of it")


def terminal() -> Actor:
    """Who runs the command."""
    return Actor.system(f"terminal ({getpass.getuser()})")


def scope(actor: Actor, environment: str, cluster: str, namespace: str) -> Scope:
    """What was named. Raises Invalid or NotFound, with what is there."""
    if cluster:
        return Scope(clusters.named(actor, cluster), namespace)
    if namespace:
        raise Invalid("A namespace needs its cluster.", cure="Name the cluster with --cluster; an environment has its namespace.")
    return taking.scope_of(environment_named(environment))


def environment_named(named: str) -> Environment:
    """APPLICATION/NAME. Raises Invalid or NotFound."""
    application, slash, name = named.partition("/")
    if not slash:
        raise Invalid(f"{named} is no environment.", cure="Write it as APPLICATION/NAME.")
    found = Environment.objects.select_related("application").filter(application__name=application, name=name).first()
    if found is None:
        raise NotFound(f"There is no environment {named}.", cure="`manage.py status` lists them.")
    return found
