"""The page of an environment: variables that differ and who set them, what is wanted against what runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry
from controlplane.dashboard.reads import variables, wanted
from tests.controlplane.dashboard.conftest import SignIn
from tests.controlplane.dashboard.test_pages import text_of
from tests.journeys.scene import Scene
from workloads import catalog
from workloads.models import Environment, Instance, Release, Variable

HX = {"HX-Request": "true"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def production(scene: Scene) -> Environment:
    """It has EMAIL_HOST and STRIPE_API_KEY; its code needs SHIPPING_TOKEN."""
    environment = scene.environments["storefront/production"]
    read = {"name": "SHIPPING_TOKEN", "path": "storefront/settings.py", "line": 40, "required": True, "setting": "SHIPPING"}
    environment.application.understood = {**environment.application.understood, "reads": [read]}
    environment.application.save()
    return environment


def test_what_the_code_requires_and_nobody_gives_stands_first(production: Environment, scene: Scene) -> None:
    found = variables.of(Actor.person(scene.people["ada"]), production)
    first = found.rows[0]
    assert (first.name, first.state, first.read_at, found.missing) == ("SHIPPING_TOKEN", "missing", "storefront/settings.py:40", 1)
    Variable.objects.create(environment=production, name="SHIPPING_TOKEN", value="x")
    assert variables.of(Actor.person(scene.people["ada"]), production).missing == 0


def test_variables_of_other_environments_are_compared_by_name(production: Environment, scene: Scene) -> None:
    staging = scene.environments["storefront/staging"]
    Variable.objects.create(environment=staging, name="EMAIL_HOST", value="another.example.org")
    Variable.objects.create(environment=staging, name="SENTRY_DSN", value="x")
    rows = {row.name: row for row in variables.of(Actor.person(scene.people["ada"]), production).rows}
    assert (rows["EMAIL_HOST"].elsewhere, rows["EMAIL_HOST"].not_in) == (("staging",), ("local",))
    assert (rows["SENTRY_DSN"].state, rows["SENTRY_DSN"].elsewhere) == ("elsewhere", ("staging",))
    assert "another.example.org" not in repr(rows)


def test_a_variable_is_set_told_with_its_setter_and_removed(production: Environment, as_: SignIn) -> None:
    client, address = as_("alice"), f"/environments/{production.pk}/variables"
    answer = client.post(f"{address}/set/", {"name": "SHIPPING_TOKEN", "value": "tok-7731-secret"}, headers=HX)
    words = text_of(answer.content.decode())
    assert "SHIPPING_TOKEN is set; it reaches the processes with the next deployment" in words
    assert "SHIPPING_TOKEN secret set storefront/settings.py:40 alice" in words
    assert "tok-7731-secret" not in answer.content.decode()
    assert Variable.objects.get(environment=production, name="SHIPPING_TOKEN").value == "tok-7731-secret"
    client.post(f"{address}/remove/", {"name": "SHIPPING_TOKEN"})
    assert not Variable.objects.filter(name="SHIPPING_TOKEN").exists()
    actions = AuditEntry.objects.filter(target_id=str(production.pk)).values_list("action", flat=True)[:2]
    assert list(actions) == ["environment.remove_variable", "environment.set_variables"]


@pytest.mark.parametrize(("name", "value"), [("NOT A NAME", "x"), ("", "x"), ("LONG", "x" * 32_769)])
def test_a_wrong_variable_is_refused_where_the_click_was_and_its_name_stays(
    name: str, value: str, production: Environment, as_: SignIn
) -> None:
    form = {"name": name, "value": value}
    answer = as_("alice").post(f"/environments/{production.pk}/variables/set/", form, headers=HX)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert f'value="{name}"' in answer.content.decode()
    assert Variable.objects.filter(environment=production).count() == 2


def test_whoever_may_only_look_finds_no_form_and_is_refused(production: Environment, as_: SignIn) -> None:
    page = as_("bob").get(f"/environments/{production.pk}/").content.decode()
    assert "EMAIL_HOST" in page
    assert "variables/set/" not in page
    assert as_("bob").post(f"/environments/{production.pk}/variables/set/", {"name": "A", "value": "b"}).status_code == 403


def test_who_set_a_variable_is_read_from_the_audit(production: Environment, scene: Scene) -> None:
    catalog.set_variables(Actor.person(scene.people["alice"]), production, {"EMAIL_HOST": "x"}, None)
    catalog.set_variables(Actor.person(scene.people["ada"]), production, {"OTHER": "x"}, None)
    rows = {row.name: row.set_by for row in variables.of(Actor.person(scene.people["ada"]), production).rows}
    assert (rows["EMAIL_HOST"], rows["OTHER"], rows["STRIPE_API_KEY"]) == ("alice", "ada", "")


def release(number: int, *processes: str) -> Release:
    return Release(pk=number, ref=f"v{number}", commit="c" * 40, run_plan={"processes": {name: [name] for name in processes}})


def instance(of: Release, **processes: dict[str, object]) -> Instance:
    return Instance(release=of, processes=processes, observed_at=NOW)


def test_a_process_that_should_run_and_does_not_is_told() -> None:
    live = release(1, "web", "worker", "beat")
    seen = instance(live, web={"pid": 4}, worker={"next_start_at": "soon"}, old={"pid": 5})
    found = wanted.standing(live, seen, NOW + timedelta(seconds=5))
    assert [(process.name, process.wanted, process.state) for process in found.differing] == [
        ("worker", True, "crashing"),
        ("beat", True, "not_running"),
        ("old", False, "running"),
    ]
    assert (found.same_release, found.fresh) == (True, True)


def test_another_release_with_the_traffic_and_an_old_look_are_told() -> None:
    found = wanted.standing(release(2, "web"), instance(release(1, "web"), web={"pid": 4}), NOW + timedelta(minutes=2))
    assert (found.same_release, found.fresh, found.differing) == (False, False, ())


def test_where_nothing_is_live_nothing_is_wanted() -> None:
    found = wanted.standing(None, None, NOW)
    assert (found.same_release, found.processes, found.looked_at) == (True, (), None)
