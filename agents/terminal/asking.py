"""Who asks in a terminal, for what, and whether anybody is there to do it."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser, ArgumentTypeError

from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError
from redis import RedisError

from controlplane.core.actors import Actor
from controlplane.core.errors import NotFound, OutsideError
from controlplane.core.models import User
from controlplane.core.redaction import redact
from workloads.models import Environment

CURE = "Start Timonel with `manage.py up`, or a worker alone with `celery -A controlplane worker --pool threads`."


def add_common(parser: ArgumentParser) -> None:
    """The options of every command that asks for a run."""
    parser.add_argument("name", metavar="NAME", help="the application")
    parser.add_argument("environment", metavar="ENV", help="its environment")
    parser.add_argument("--as", dest="person", metavar="USER", help="the person who asks; otherwise the terminal itself asks")
    wait = parser.add_mutually_exclusive_group()
    wait.add_argument("--follow", action="store_true", help="also wait while a person has to decide, or for a window")
    wait.add_argument("--no-wait", action="store_true", help="only ask: print the run's number and exit with 0")
    parser.add_argument("--json", action="store_true", help="print one JSON document at the end instead of progress")


def assignment(text: str) -> tuple[str, str]:
    """`KEY=VALUE` as an argument."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return name, value


def actor_of(person: str | None) -> Actor:
    """The person named, or the terminal: whoever can run this command holds Timonel's own keys."""
    if person is None:
        return Actor.system(f"terminal ({getpass.getuser()})")
    user = User.objects.filter(username=person, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no person '{person}'.", cure="Leave --as out, or name somebody who can sign in.")
    return Actor.person(user)


def environment_of(application: str, name: str) -> Environment:
    """The environment, or an error that names those there are."""
    found = Environment.objects.select_related("application").filter(application__name=application)
    environment = found.filter(name=name).first()
    if environment is not None:
        return environment
    names = ", ".join(found.values_list("name", flat=True))
    if names:
        raise NotFound(f"{application} has no environment '{name}'.", cure=f"It has: {names}.")
    known = ", ".join(sorted(set(Environment.objects.values_list("application__name", flat=True)))) or "none yet"
    raise NotFound(f"There is no application '{application}'.", cure=f"Registered: {known}. Add one with `manage.py register`.")


def demand_servers() -> None:
    """Raise OutsideError with the cure unless there are servers to ask."""
    if not settings.DATABASE_URL or not settings.REDIS_URL:
        raise OutsideError("Timonel is not running here.", cure=CURE)


def demand_worker() -> None:
    """Raise OutsideError with the cure unless a worker answers."""
    demand_servers()
    try:
        answers = any(current_app.control.ping(timeout=3.0, limit=1) for _ in range(2))  # one may be starting
    except (KombuError, RedisError, OSError) as error:
        raise OutsideError(f"The broker does not answer: {redact(str(error))}", cure=CURE) from error
    if not answers:
        raise OutsideError("No worker is running, so nothing would happen.", cure=CURE)
