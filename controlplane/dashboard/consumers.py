"""The bell in the browser: passes on that something changed, and which; the page asks for the rest itself."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Model
from django.utils.crypto import constant_time_compare

from agents.models import Run
from controlplane.core.actors import Actor
from controlplane.core.models import User
from controlplane.core.permissions import Verb
from controlplane.core.rights import reach
from controlplane.dashboard import sight
from workloads.models import Change, Incident

TOPIC = re.compile(r"^(?:(?P<everyone>overview|inbox|knowledge)|(?P<kind>run|environment|change|incident)-(?P<id>\d{1,18}))$")
EVERYBODYS = ("overview", "inbox", "knowledge")
NO_SESSION, NO_RIGHT = 4001, 4003
LOOKED_EVERY_SECONDS = 15.0


class Bell(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels ships no types
    """One page listening to one topic: `overview`, `inbox`, `knowledge`, `run-<id>`, `environment-<id>`, `change-<id>`, ..."""

    joined = ""
    watch: asyncio.Task[None] | None = None

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
        self.watch = asyncio.create_task(self._close_when_over())

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if self.watch:
            self.watch.cancel()
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

    async def _close_when_over(self) -> None:
        """Close the socket soon after the session or the right has gone, though nothing rings."""
        refused = 0
        while not refused:
            await asyncio.sleep(LOOKED_EVERY_SECONDS)
            refused = await self._refused()
        await self.close(refused)

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
    """The person of a session that is still theirs: signing out elsewhere, or a changed password, ends it here too."""
    store = SessionStore(session_key)
    user_id = store.load().get(SESSION_KEY) if session_key else None
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None or not constant_time_compare(store.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    return user


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
    kinds: dict[str, type[Model]] = {"run": Run, "change": Change, "incident": Incident}
    rows = kinds[match["kind"]]._default_manager.all()
    return rows.filter(pk=match["id"], environment__in=environments).exists()
