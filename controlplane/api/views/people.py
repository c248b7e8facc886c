"""Who asks, and their tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, operation
from controlplane.api.idempotency import once
from controlplane.api.requests import IssueSerializer, body
from controlplane.api.serializers import IssuedTokenSerializer, MeSerializer, TokenSerializer
from controlplane.core import rights, tokens
from controlplane.core.actors import ActorKind
from controlplane.core.errors import NotFound, Refused
from controlplane.core.models import ApiToken, User
from controlplane.core.permissions import Verb


class Me(Endpoint):
    """Who asks."""

    @operation("Show who asks and what they may", MeSerializer)
    def get(self, request: Request) -> Response:
        """Each verb with the scopes it is granted in."""
        may = {verb.value: rights.scopes(rights.reach(self.actor, verb)) for verb in Verb}
        asks = {"username": cast("User", request.user).get_username(), "actor": self.actor.label, "may": may}
        return Response(MeSerializer(asks).data)


class Tokens(Endpoint):
    """The tokens of whoever asks."""

    @operation("List my tokens", TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Those not revoked."""
        rows = ApiToken.objects.filter(user=cast("User", request.user), revoked_at__isnull=True).order_by("pk")
        return Response(TokenSerializer(rows, many=True).data)

    @operation("Make a token", {201: IssuedTokenSerializer}, errors=(403,), request=IssueSerializer, key="optional")
    def post(self, request: Request) -> Response:
        """A person makes tokens; a token makes none. Its text is told once: repeated under its key, the answer has none."""
        if self.actor.kind != ActorKind.PERSON:
            raise Refused("A token cannot make tokens.", cure="Sign in, or use `manage.py token`.")
        if not did_recently_reauthenticate(request._request):
            raise Refused("Making a token needs to know that it is you.", cure="Confirm it at /account/confirm/, then ask again.")
        given = body(request, IssueSerializer)
        return once(request, lambda _: self._issue(given), required=False, secret=frozenset({"text"}))

    def _issue(self, given: dict[str, Any]) -> Response:
        verbs, lifetime = [Verb(verb) for verb in given["verbs"]], timedelta(days=given["days"])
        token, text = tokens.issue(
            self.actor, cast("User", self.request.user), given["name"], verbs, scope=given["scope"], lifetime=lifetime
        )
        return Response(IssuedTokenSerializer({"token": token, "text": text}).data, status=201)


class OneToken(Endpoint):
    """One token of whoever asks."""

    @operation("Revoke a token", {204: None}, errors=(403, 404))
    def delete(self, request: Request, number: int) -> Response:
        """It ends now. A token ends itself (it may have leaked) and no other."""
        if self.actor.token_id not in (None, number):
            raise Refused("A token cannot revoke another token.", cure="Sign in, or use `manage.py token --revoke`.")
        token = ApiToken.objects.filter(pk=number, user=cast("User", request.user), revoked_at__isnull=True).first()
        if token is None:
            raise NotFound(f"You have no token {number}.")
        tokens.revoke(self.actor, token)
        return Response(status=204)
