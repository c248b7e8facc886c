"""Measures the lists of the dashboard with a great many rows. `make bench-scale` runs it; it fails where a list is too slow.

Answers are made in this process, without a network; each list is asked as an administrator and as somebody who sees one
application. `first` is its first page, `far` what the cursor gives FAR pages on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from django.test import Client  # noqa: E402

import controlplane.asgi  # noqa: E402, F401  the process of a server, as it is after its start
from agents.models import Run  # noqa: E402
from controlplane.core.models import RoleBinding, User  # noqa: E402
from controlplane.dashboard.paging import SIZE  # noqa: E402
from tests.scale import Load, fill, settle  # noqa: E402
from workloads.models import Application, Deployment, Finding, Incident  # noqa: E402

LOAD = Load(applications=10_000, runs=1_000_000, deployments=200_000, findings=200_000, changes=100_000, incidents=100_000)
TIMES, FAR = 30, 500
MOST_MILLISECONDS, MOST_RATIO, NOISE_MILLISECONDS = 300.0, 1.5, 15.0
PAGED: dict[str, type[models.Model]] = {
    "/runs/": Run, "/deployments/": Deployment, "/findings/": Finding, "/incidents/": Incident,
}  # fmt: skip
LISTS = ("/", "/?show=trouble", "/?q=app-0042", "/inbox/", *PAGED, "/runs/?environment=app-004200", "/runs/?status=failed")
LISTS += (
    "/runs/?by=somebody&since=week",
    "/findings/?severity=critical",
    "/findings/?state=new",
    "/findings/?application=app-004200",
    "/search/?q=app-0042",
    "/environments/menu/",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of one address."""

    p50: float
    p95: float


def main() -> int:
    """Fill, measure, print; return 1 when something is slower than it may be."""
    call_command("migrate", verbosity=0)
    print(f"Filling: {LOAD}")
    _timed("filled", lambda: fill(LOAD))
    settle()
    print(f"{'':44}{'p50 ms':>8}{'p95 ms':>8}{'far p50':>9}{'ratio':>7}")
    good = [_list(person, client, address) for person, client in _people() for address in LISTS]
    print("Every list is fast enough" if all(good) else "Too slow")
    return 0 if all(good) else 1


def _people() -> list[tuple[str, Client]]:
    root = User.objects.create_superuser("root", password=None)
    viewer = User.objects.create_user("viewer")
    seen = Application.objects.get(name="app-004200")
    RoleBinding.objects.create(user=viewer, role="viewer", scope=f"application/{seen.pk}")
    return [("administrator", _client(root)), ("viewer of one", _client(viewer))]


def _client(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def _list(person: str, client: Client, address: str) -> bool:
    first = _measure(client, address)
    far = _measure(client, f"{address}?before={_cursor(PAGED[address])}") if address in PAGED else None
    ratio = far.p50 / first.p50 if far else 0.0
    fast = first.p95 <= MOST_MILLISECONDS
    steady = far is None or ratio <= MOST_RATIO or far.p50 - first.p50 <= NOISE_MILLISECONDS
    tail = f"{far.p50:9.1f}{ratio:7.2f}" if far else ""
    print(f"{person:15}{address:29}{first.p50:8.1f}{first.p95:8.1f}{tail:16} {'ok' if fast and steady else 'SLOW'}", flush=True)
    return fast and steady


def _cursor(model: type[models.Model]) -> int:
    """Where page FAR begins."""
    order = "rank" if model is Finding else "pk"
    numbers = model._default_manager.order_by(f"-{order}").values_list(order, flat=True)
    return int(numbers[FAR * SIZE : FAR * SIZE + 1][0])


def _measure(client: Client, address: str) -> Measured:
    for _ in range(2):
        client.get(address)
    took = sorted(_once(client, address) for _ in range(TIMES))
    return Measured(median(took), quantiles(took, n=20)[-1])


def _once(client: Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answers {answer.status_code}")
    return (time.perf_counter() - began) * 1000


def _timed(what: str, do: Callable[[], None]) -> None:
    began = time.perf_counter()
    do()
    print(f"{what} in {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
