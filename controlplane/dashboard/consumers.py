"""The bell in the browser: passes on that something changed, and which; the page asks for the rest itself."""

from __future__ import annotations

import re
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from controlplane.core.rights import reach
from controlplane.dashboard import sight
from workloads.models import Change

TOPIC = re.compile(r"^(?:(?P<everyone>overview|inbox)|(?P<kind>run|environment|change)-(?P<id>\d{1,18}))$")
EVERYBODYS = ("overview", "inbox")
NO_SESSION, NO_RIGHT = 4001, 4003


class Bell(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One page listening to one topic: `overview`, `inbox`, `run-<id>`, `environment-<id>` or `change-<id>`."""

    joined = ""

    async def connect(self) -> None:
        """Let in whoever is signed in and may see the topic; the others are told why by a code."""
        await self.accept()
        refused = await self._refused()
        if refused:
            await self.close(refused)
            return
        self.joined = self.topic
        await self.channel_layer.group_add(self.joined, self.channel_name)
        await self.send_json({"ready": self.joined})

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if self.joined:
            await self.channel_layer.group_discard(self.joined, self.channel_name)

    async def bell(self, message: dict[str, Any]) -> None:
        """Pass a ring on, unless the session or the right has gone since."""
        refused = await self._refused()
        if refused:
            await self.close(refused)
            return
        # Who hears of everything learns that something changed, not which thing that may lie outside their rights.
        ids = {} if self.joined in EVERYBODYS else message.get("ids", {})
        await self.send_json({"group": self.joined, "ids": ids})

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Pages have nothing to say."""

    @property
    def topic(self) -> str:
        """What the page listens to."""
        return str(self.scope["url_route"]["kwargs"]["topic"])

    async def _refused(self) -> int:
        code: int = await database_sync_to_async(refusal)(self.scope["session"].session_key, self.topic)
        return code


def refusal(session_key: str | None, topic: str) -> int:
    """The closing code for this session and topic as they are now in the database, or 0."""
    user = _user_of(session_key)
    if user is None:
        return NO_SESSION
    return 0 if _may_hear(Actor.person(user), topic) else NO_RIGHT


def _user_of(session_key: str | None) -> User | None:
    """The person of a session that is still there; signing out elsewhere ends it here too."""
    from django.contrib.auth import SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore(session_key)
    user_id = store.load().get(SESSION_KEY) if session_key else None
    return User.objects.filter(pk=user_id, is_active=True).first() if user_id else None


def _may_hear(actor: Actor, topic: str) -> bool:
    match = TOPIC.match(topic)
    if match is None:
        return False
    if match["everyone"]:
        granted = reach(actor, Verb.VIEW)
        return granted.everywhere or bool(granted.applications or granted.environments)
    environments = sight.environments(actor)
    if match["kind"] == "environment":
        return environments.filter(pk=match["id"]).exists()
    rows = Run.objects.all() if match["kind"] == "run" else Change.objects.all()
    return rows.filter(pk=match["id"], environment__in=environments).exists()
