"""Windows, locks and stops over the API."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from controlplane.core.models import User
from tests.controlplane.api.conftest import Client
from tests.workloads.stage import Stage
from workloads.models import Change, Window

pytestmark = pytest.mark.django_db
HERE = "/api/v1/applications/shop/environments/production"


@pytest.fixture
def freeze(production: Stage) -> Window:
    given = {"environment": production.environment, "starts_on": date(2026, 1, 1), "starts_at": time()}
    return Window.objects.create(name="Freeze", kind="deny", **given)


def test_the_windows_of_an_environment_are_told(freeze: Window, bob: User, client_of: Client) -> None:
    told = client_of(bob).get(f"{HERE}/windows").json()
    assert (told["open"], told["because"], told["opens_at"]) == (False, "Closed by “Freeze”.", None)
    assert told["windows"][0]["when"] == "from 2026-01-01 00:00 on, UTC"
    Window.objects.update(kind="allow", rule="FREQ=DAILY", duration=timedelta(hours=1))
    told = client_of(bob).get(f"{HERE}/windows").json()
    assert told["windows"][0]["when"] == "every day 00:00 to 01:00, UTC"
    assert bool(told["opens_at"]) != bool(told["closes_at"])


def test_a_lock_is_taken_and_ended(production: Stage, alice: User, bob: User, client_of: Client) -> None:
    told = client_of(alice).post(f"{HERE}/lock", {"reason": "Mine.", "minutes": 30}, format="json").json()
    assert told["lock"]["owner"] == "alice"
    assert client_of(bob).post(f"{HERE}/lock", {"reason": "Mine."}, format="json").status_code == 409
    assert client_of(alice).post(f"{HERE}/lock", {"reason": "Mine.", "minutes": 4}, format="json").status_code == 400
    assert client_of(bob).post(f"{HERE}/unlock", {"reason": "Mine."}, format="json").status_code == 403
    assert client_of(alice).post(f"{HERE}/unlock", {"reason": "Done."}, format="json").json()["lock"] is None


def test_an_environment_and_everything_is_stopped_and_let_go(
    production: Stage, alice: User, admin: User, client_of: Client
) -> None:
    told = client_of(alice).post(f"{HERE}/stop", {"reason": "Moved."}, format="json").json()
    assert [(stop["stopped_by"], stop["everywhere"]) for stop in told["stops"]] == [("alice (token token 0)", False)]
    assert client_of(admin).post("/api/v1/stop", {"reason": "Attacked."}, format="json").json()["everywhere"]
    assert len(client_of(alice).get(f"{HERE}/windows").json()["stops"]) == 2
    assert client_of(admin).post(f"{HERE}/lift", {"reason": "Moved."}, format="json").json()["open"] is False
    assert client_of(admin).post("/api/v1/lift", {"reason": "Over."}, format="json").json()["lifted_at"]
    assert client_of(alice).get(f"{HERE}/windows").json()["open"]


def test_the_exception_is_on_the_change(freeze: Window, change: Change, admin: User, client_of: Client) -> None:
    client = client_of(admin)
    address = f"/api/v1/changes/{change.pk}"
    assert client.get(address).json()["kept_because"].startswith("Closed by “Freeze”.")
    told = client.post(f"{address}/exception", {"reason": "Urgent."}, format="json").json()
    assert (told["kept_because"], told["excepted_by"], told["excepted_because"]) == ("", "ada", "Urgent.")
