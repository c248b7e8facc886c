"""The bell over WebSockets: only for who may hear it, only while they may, and never with content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from controlplane.asgi import application
from controlplane.core import live
from controlplane.core.models import RoleBinding, User
from controlplane.dashboard import consumers
from controlplane.dashboard.consumers import NO_RIGHT, NO_SESSION
from tests.journeys.scene import Scene, fill

pytestmark = pytest.mark.django_db(transaction=True)
Talk = Callable[[WebsocketCommunicator], Any]


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    """Committed, so that the consumer's threads see it."""
    return fill()


def session_of(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def talk(topic: str, key: str, conversation: Callable[[WebsocketCommunicator], Any]) -> Any:
    """Open a socket as a browser does, and hold a conversation on it."""

    async def hold() -> Any:
        channel_layers.backends.clear()  # a layer belongs to one event loop
        headers = [
            (b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()),
            (b"origin", b"http://testserver"),
            (b"host", b"testserver"),
        ]
        socket = WebsocketCommunicator(application, f"/live/{topic}/", headers)
        await socket.connect()
        try:
            return await conversation(socket)
        finally:
            await socket.disconnect()
            channel_layers.backends.clear()

    return async_to_sync(hold)()


async def first(socket: WebsocketCommunicator) -> dict[str, Any]:
    """The next thing it says: a message, or that it closes."""
    message: dict[str, Any] = await socket.receive_output(timeout=5)
    return message


async def ring(group: str, **ids: int) -> None:
    await database_sync_to_async(live.ring, thread_sensitive=False)(group, **ids)


def test_a_ring_reaches_who_may_hear_it_with_ids_only(scene: Scene) -> None:
    run = scene.runs["running"].pk

    async def conversation(socket: WebsocketCommunicator) -> None:
        assert (await socket.receive_json_from())["ready"] == f"run-{run}"
        await ring(f"run-{run}", run=run, event=7)
        assert await socket.receive_json_from(timeout=5) == {"group": f"run-{run}", "ids": {"run": run, "event": 7}}

    talk(f"run-{run}", session_of(scene.people["bob"]), conversation)


def test_what_everybody_hears_names_nothing(scene: Scene) -> None:
    async def conversation(socket: WebsocketCommunicator) -> None:
        await socket.receive_json_from()
        await ring("overview", environment=scene.environments["billing/production"].pk)
        assert await socket.receive_json_from(timeout=5) == {"group": "overview", "ids": {}}

    talk("overview", session_of(scene.people["carol"]), conversation)


@pytest.mark.parametrize("kind", ["run", "environment", "change"])
def test_nobody_hears_what_they_may_not_see(kind: str, scene: Scene) -> None:
    number = {
        "run": scene.runs["waiting"].pk,
        "environment": scene.environments["storefront/production"].pk,
        "change": scene.change.pk,
    }[kind]
    for person in ("mallory", "carol"):
        said = talk(f"{kind}-{number}", session_of(scene.people[person]), first)
        assert (said["type"], said.get("code")) == ("websocket.close", NO_RIGHT)


@pytest.mark.parametrize("topic", ["run-x", "run-", "secrets", "run-1-2", "run-" + "9" * 30])
def test_a_topic_that_does_not_exist_is_refused(topic: str, scene: Scene) -> None:
    assert talk(topic, session_of(scene.people["ada"]), first)["code"] == NO_RIGHT


def test_without_a_session_nothing_is_heard(scene: Scene) -> None:
    assert talk("overview", "made-up", first)["code"] == NO_SESSION


def test_the_next_ring_closes_a_socket_whose_right_has_gone(scene: Scene) -> None:
    run = scene.runs["running"].pk

    async def conversation(socket: WebsocketCommunicator) -> dict[str, Any]:
        await socket.receive_json_from()
        await sync_to_async(RoleBinding.objects.filter(user=scene.people["carol"]).delete)()
        await ring(f"run-{run}", run=run)
        return await first(socket)

    assert talk(f"run-{run}", session_of(scene.people["carol"]), conversation)["code"] == NO_RIGHT


def test_the_next_ring_closes_a_socket_whose_session_has_ended(scene: Scene) -> None:
    key = session_of(scene.people["bob"])

    async def conversation(socket: WebsocketCommunicator) -> dict[str, Any]:
        await socket.receive_json_from()
        await sync_to_async(SessionStore(key).delete)()
        await ring("overview", environment=1)
        return await first(socket)

    assert talk("overview", key, conversation)["code"] == NO_SESSION


def test_a_deactivated_person_hears_nothing_more(scene: Scene) -> None:
    key = session_of(scene.people["bob"])
    User.objects.filter(username="bob").update(is_active=False)
    assert talk("overview", key, first)["code"] == NO_SESSION


@pytest.mark.parametrize("gone", ["role", "session", "person", "password"])
def test_a_socket_that_hears_nothing_closes_by_itself_when_it_is_over(
    gone: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "LOOKED_EVERY_SECONDS", 0.1)
    carol, run = scene.people["carol"], scene.runs["running"].pk
    key = session_of(carol)
    ends: dict[str, Callable[[], object]] = {
        "role": RoleBinding.objects.filter(user=carol).delete,
        "session": SessionStore(key).delete,
        "person": lambda: User.objects.filter(pk=carol.pk).update(is_active=False),
        "password": lambda: User.objects.filter(pk=carol.pk).update(password="another"),
    }

    async def conversation(socket: WebsocketCommunicator) -> dict[str, Any]:
        await socket.receive_json_from()
        await sync_to_async(ends[gone])()
        return await first(socket)

    assert talk(f"run-{run}", key, conversation)["code"] == (NO_RIGHT if gone == "role" else NO_SESSION)
