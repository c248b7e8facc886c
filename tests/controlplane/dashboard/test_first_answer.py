"""A page is answered from the database alone: while it is made nothing outside is called and no program is started."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys import addresses
from tests.journeys.scene import Scene

pytestmark = pytest.mark.django_db
OUTWARD = {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.posix_spawn", "os.fork"}


class Watch:
    """What Python itself says of connections and programs, while it is asked to listen. Such a hook stays for ever."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.listening = False
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Keep what goes outward, but not what goes to Valkey."""
        if self.listening and event in OUTWARD and _valkey() not in str(arguments):
            self.heard.append((event, str(arguments)))

    @contextmanager
    def listen(self) -> Iterator[None]:
        """Listen for as long as the block runs."""
        self.listening = True
        yield
        self.listening = False


WATCH = Watch()


def _valkey() -> str:
    """What stands in the address of each connection to it: its port, or the path of its socket. The database's are libpq's."""
    address = urlsplit(str(settings.REDIS_URL))
    return str(address.port or address.path)


def test_no_page_waits_for_anything_outside(scene: Scene, as_: SignIn) -> None:
    client = as_("ada")
    with WATCH.listen():
        for place in addresses.every(scene):
            assert client.get(place).status_code in {200, 404}, place
    assert WATCH.heard == []


def test_the_watch_hears_a_program_and_a_connection() -> None:
    import socket
    import subprocess

    with WATCH.listen():
        subprocess.run(["true"], check=True)
        with socket.socket() as stranger:
            stranger.connect_ex(("127.0.0.1", 9))
    heard = {event for event, _ in WATCH.heard}
    WATCH.heard.clear()
    assert heard >= {"subprocess.Popen", "socket.connect"}
