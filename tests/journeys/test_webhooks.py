"""Webhooks over real HTTP: what only a real server and a real socket show, and very many replays at once."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from agents import reactions
from agents.models import Run
from controlplane.core.models import AuditEntry, OutboxMessage
from tests.journeys.conftest import Server, aside
from tests.workloads.hooks import payloads, senders
from tests.workloads.hooks.senders import KEY
from tests.workloads.stage import Stage, stage
from workloads.models import WebhookDelivery, WebhookRule, WebhookSource

BODY = senders.text(payloads.github_push())
PATH = "/api/v1/hooks/shop"
MANY = {"TIMONEL_HOOKS_A_MINUTE": "1000000", "TIMONEL_API_STRANGERS_A_MINUTE": "1000000", "TIMONEL_LOG_LEVEL": "ERROR"}


@pytest.fixture(scope="module")
def door(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets one source send as often as a test needs."""
    made = Server(server.environment | MANY, Path(tmp_path_factory.mktemp("door")) / "daphne.log")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def source(transactional_db: None) -> WebhookSource:
    place: Stage = stage("staging", "staging")
    made = WebhookSource.objects.create(name="shop", kind="github", application=place.environment.application, secret=KEY)
    WebhookRule.objects.create(source=made, event="push", refs="main", effect="deploy", environment=place.environment)
    return made


def spoken(door: Server, head: list[str], body: bytes) -> int:
    """The status of an answer to exactly these bytes; 0 when the server hangs up, or waits for what never comes."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=3) as line:
        lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Connection: close", *head, "", ""]
        line.sendall("\r\n".join(lines).encode("latin-1") + body)
        answer = b""
        try:
            while piece := line.recv(65_536):
                answer += piece
        except OSError:  # it hung up on what we still had to say, or waits for what never comes
            pass
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


def chunked(body: bytes, size: int = 100) -> bytes:
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def signed(body: bytes = BODY, without: str = "") -> list[str]:
    headers = {"Content-Type": "application/json", **senders.github(body)}
    return [f"{name}: {value}" for name, value in headers.items() if name != without]


def length(body: bytes = BODY) -> str:
    return f"Content-Length: {len(body)}"


SIGNATURE = f"X-Hub-Signature-256: {senders.github(BODY)['X-Hub-Signature-256']}"
WRONG = f"X-Hub-Signature-256: sha256={'0' * 64}"
HUGE = b'{"x": "' + b"x" * 2**20 + b'"}'
REFUSED = {
    "signature twice, both right": ([*signed(), SIGNATURE, length()], BODY),
    "a wrong signature before the right": ([WRONG, *signed(), length()], BODY),
    "a wrong signature behind the right": ([*signed(), WRONG, length()], BODY),
    "signature twice in other letters": ([*signed(), SIGNATURE.upper(), length()], BODY),
    "signature with an underscore": ([*signed(without="X-Hub-Signature-256"), SIGNATURE.replace("-256", "_256"), length()], BODY),
    "all of it with underscores": (
        [one.replace("-", "_", 3) if one.startswith("X-") else one for one in signed()] + [length()],
        BODY,
    ),
    "signature over two lines": ([*signed(without="X-Hub-Signature-256"), SIGNATURE.replace("=", "=\r\n ", 1), length()], BODY),
    "event twice": ([*signed(), "X-GitHub-Event: push", length()], BODY),
    "delivery twice": ([*signed(), "X-GitHub-Delivery: 0f0e0d0c-1111-2222-3333-444455556666", length()], BODY),
    "type twice": ([*signed(), "Content-Type: text/plain", length()], BODY),
    "type missing": ([*signed(without="Content-Type"), length()], BODY),
    "chunked and altered": ([*signed(), "Transfer-Encoding: chunked"], chunked(BODY.replace(b"main", b"mail"))),
    "chunked and huge": ([*signed(HUGE), "Transfer-Encoding: chunked"], chunked(HUGE, 60_000)),
    "chunked and cut short": ([*signed(), "Transfer-Encoding: chunked"], chunked(BODY)[:-9]),
    "chunked with a length beside": ([*signed(), "Transfer-Encoding: chunked", "Content-Length: 5"], chunked(BODY)),
    "chunked in no known way": ([*signed(), "Transfer-Encoding: gzip, chunked"], chunked(BODY)),
    "no length": (signed(), BODY),
    "two lengths": ([*signed(), length(), "Content-Length: 5"], BODY),
    "a length that is too short": ([*signed(), "Content-Length: 20"], BODY),
    "a length that is no number": ([*signed(), "Content-Length: 0x10"], BODY),
    "a negative length": ([*signed(), "Content-Length: -1"], BODY),
    "huge": ([*signed(HUGE), length(HUGE)], HUGE),
    "compressed": ([*signed(), "Content-Encoding: gzip", length()], BODY),
}
UNANSWERED = {"chunked and cut short"}  # the rest of it is waited for


@pytest.mark.parametrize("how", REFUSED)
def test_what_a_socket_can_get_wrong_is_refused(how: str, door: Server, source: WebhookSource) -> None:
    head, body = REFUSED[how]
    status = spoken(door, head, body)
    assert status in {400, 401, 413, 415, 501} or (status == 0 and how in UNANSWERED)
    assert not WebhookDelivery.objects.exists()
    assert spoken(door, [*signed(), length()], BODY) == 202  # the server is well, and takes what is right


def test_what_is_right_is_accepted_whole_or_in_pieces(door: Server, source: WebhookSource) -> None:
    assert spoken(door, [*signed(), length()], BODY) == 202
    assert spoken(door, [*signed(), "Transfer-Encoding: chunked"], chunked(BODY)) == 202
    assert WebhookDelivery.objects.count() == 1


def replay(door: Server, times: int, at_once: int) -> Counter[int]:
    """One delivery that often, from so many at once; some under the first name, some under names of their own."""
    first = senders.github(BODY)

    def send(numbers: range) -> list[int]:
        with httpx.Client(base_url=door.url, timeout=120) as client:
            return [
                client.post(
                    PATH, content=BODY, headers={"Content-Type": "application/json", **(first if n % 2 else senders.github(BODY))}
                ).status_code
                for n in numbers
            ]

    with ThreadPoolExecutor(at_once) as threads:
        return Counter(code for codes in threads.map(send, [range(n, times, at_once) for n in range(at_once)]) for code in codes)


def once_only() -> None:
    """There is one of everything."""
    delivery = WebhookDelivery.objects.get()
    assert AuditEntry.objects.filter(action="webhook.receive").count() == 1
    assert OutboxMessage.objects.filter(name="agents.react").count() == 1
    for _ in range(3):
        aside(reactions.react, delivery.pk)
    assert Run.objects.get().input["ref"] == payloads.AFTER


def test_two_hundred_replays_at_once_are_one_delivery_and_one_run(door: Server, source: WebhookSource) -> None:
    assert replay(door, 200, 8) == {202: 200}
    once_only()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(1800)
def test_ten_thousand_replays_at_once_are_one_delivery_and_one_run(door: Server, source: WebhookSource) -> None:
    assert replay(door, 10_000, 16) == {202: 10_000}
    once_only()
