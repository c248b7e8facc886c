"""`manage.py token`: make, list and revoke API tokens."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.core import tokens
from controlplane.core.actors import Actor
from controlplane.core.errors import TimonelError
from controlplane.core.models import ApiToken, User
from controlplane.core.permissions import EVERYWHERE, Verb

TERMINAL = Actor.system("terminal")


class Command(BaseCommand):
    """Make a token for a person: `manage.py token alice ci --verb run --verb view --scope environment/3 --days 30`."""

    help = "Make an API token for a person and print it, once. A token may do no more than its person may."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="whose token: a user name")
        parser.add_argument("name", nargs="?", help="what the token is for, as `ci`; one of this name a person")
        parser.add_argument(
            "--verb", action="append", choices=Verb.values, help="what it may do; again for more (default: view, run)"
        )
        parser.add_argument("--scope", default=EVERYWHERE, help="where: *, application/<id> or environment/<id> (default: *)")
        parser.add_argument("--days", type=int, default=90, help="how long it is valid (default: 90)")
        parser.add_argument("--revoke", action="store_true", help="end the token of this name instead")
        parser.add_argument("--list", action="store_true", help="list the person's tokens instead")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user '{options['user']}'.")
        if options["list"]:
            return self._list(user)
        if not options["name"]:
            raise CommandError("Name the token, for example: manage.py token alice ci")
        return self._revoke(user, options["name"]) if options["revoke"] else self._issue(user, options)

    def _list(self, user: User) -> None:
        for token in ApiToken.objects.filter(user=user).order_by("pk"):
            state = "revoked" if token.revoked_at else f"until {token.expires_at:%Y-%m-%d}"
            self.stdout.write(f"{token.name}\t{','.join(token.verbs)}\t{token.scope}\t{state}")

    def _revoke(self, user: User, name: str) -> None:
        token = ApiToken.objects.filter(user=user, name=name, revoked_at__isnull=True).first()
        if token is None:
            raise CommandError(f"{user} has no valid token '{name}'.")
        tokens.revoke(TERMINAL, token)
        self.stdout.write(f"Revoked '{name}' of {user}.")

    def _issue(self, user: User, options: dict[str, Any]) -> None:
        verbs = [Verb(verb) for verb in options["verb"] or (Verb.VIEW, Verb.RUN)]
        lifetime = timedelta(days=options["days"])
        try:
            _, text = tokens.issue(TERMINAL, user, options["name"], verbs, scope=options["scope"], lifetime=lifetime)
        except TimonelError as error:
            raise CommandError(str(error)) from error
        self.stderr.write("This token is shown once. Send it as: Authorization: Bearer <token>")
        self.stdout.write(text)
