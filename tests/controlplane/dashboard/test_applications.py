"""The page of an application: comparing releases, promoting one along the path."""

from __future__ import annotations

from agents.models import Run
from controlplane.dashboard.reads import profile
from tests.controlplane.dashboard.conftest import SignIn
from tests.controlplane.dashboard.test_pages import text_of
from tests.journeys.scene import Scene
from workloads.models import Deployment, Release

HX = {"HX-Request": "true"}


def releases(scene: Scene) -> tuple[Release, Release]:
    """v1 and v2 of the storefront."""
    application = scene.environments["storefront/production"].application
    return Release.objects.get(application=application, ref="v1"), Release.objects.get(application=application, ref="v2")


def test_two_releases_stand_side_by_side_without_any_value(scene: Scene, as_: SignIn) -> None:
    old, new = releases(scene)
    page = as_("bob").get(f"/applications/{old.application_id}/compare/", {"from": old.pk, "to": new.pk}).content.decode()
    words = text_of(page)
    assert "From v1 to v2" in words
    assert "commits and migrations not known, 2 variables" in words
    assert "the kept copy of the repository no longer has these commits" in words
    assert "STRIPE_API_KEY secret another value" in words
    assert "--workers 4" in words
    assert "y" * 24 not in page


def test_compare_without_two_releases_asks_for_them_and_unknown_ones_are_not_found(scene: Scene, as_: SignIn) -> None:
    old, _ = releases(scene)
    address, client = f"/applications/{old.application_id}/compare/", as_("bob")
    assert "Compare two releases" in client.get(address).content.decode()
    assert client.get(f"{address}?from=x&to={old.pk}").status_code == 200
    assert client.get(address, {"from": 999_999, "to": old.pk}).status_code == 404
    assert as_("mallory").get(address, {"from": old.pk, "to": old.pk}).status_code == 404


def test_comparison_is_offered_where_one_release_replaces_another(scene: Scene, as_: SignIn) -> None:
    old, new = releases(scene)
    link = f"/applications/{old.application_id}/compare/?from={old.pk}&amp;to={new.pk}"
    staging = scene.environments["storefront/staging"]
    for place in ("/deployments/", f"/environments/{staging.pk}/", f"/changes/{scene.change.pk}/"):
        assert link in as_("bob").get(place).content.decode(), place
    assert f'name="from" value="{old.pk}"' in " ".join(
        as_("bob").get(f"/applications/{old.application_id}/").content.decode().split()
    )


def test_the_path_offers_what_was_verified_below_to_who_may_run_there(scene: Scene, as_: SignIn) -> None:
    address = f"/applications/{scene.environments['storefront/production'].application_id}/"
    assert "Promote v2 to production" in text_of(as_("alice").get(address).content.decode())
    seen = text_of(as_("bob").get(address).content.decode())
    assert "Promote v2" not in seen
    assert "Your roles do not let you deploy there" in seen


def test_promoting_starts_a_run_of_that_commit(scene: Scene, as_: SignIn) -> None:
    production, staging = scene.environments["storefront/production"], scene.environments["storefront/staging"]
    live = Deployment.objects.get(environment=staging, status="live")
    form = {"deployment": live.pk, "environment": production.pk, "key": "promotion"}
    answer = as_("alice").post(f"/applications/{production.application_id}/promote/", form)
    run = Run.objects.get(idempotency_key="promotion")
    assert (answer.status_code, answer["Location"]) == (303, f"/runs/{run.pk}/")
    assert (run.environment, run.input["ref"]) == (production, live.release.commit)
    assert "Deploy v2 to storefront/production" in text_of(as_("alice").get(f"/runs/{run.pk}/").content.decode())


def test_a_promotion_that_came_too_late_says_so_where_the_click_was(scene: Scene, as_: SignIn) -> None:
    production, staging = scene.environments["storefront/production"], scene.environments["storefront/staging"]
    gone = Deployment.objects.get(environment=staging, status="superseded")
    form = {"deployment": gone.pk, "environment": production.pk, "key": "late"}
    answer = as_("alice").post(f"/applications/{production.application_id}/promote/", form, headers=HX)
    assert answer.status_code == 409
    assert "v1 is not live in staging any more" in answer.content.decode()
    assert not Run.objects.filter(idempotency_key="late").exists()


def test_the_settings_profile_groups_variables_by_what_they_configure() -> None:
    reads = [
        {"name": "DATABASE_URL", "path": "s.py", "line": 9, "required": False, "setting": "DATABASES.default"},
        {"name": "EMAIL_PASSWORD", "path": "s.py", "line": 12, "required": False, "secret": True},
        {"name": "EMAIL_HOST", "path": "s.py", "line": 11, "required": True},
        {"name": "EMAIL_HOST", "path": "t.py", "line": 1, "required": False},
        {"name": "SHIPPING", "path": "s.py", "line": 14, "required": False},
    ]
    found = profile.of({"settings_module": "shop.settings", "reads": reads, "apps": ["shop"], "never_heard_of": 1})
    assert [(str(heading), [(read.name, read.path) for read in rows]) for heading, rows in found.groups] == [
        ("Databases", [("DATABASE_URL", "s.py")]),
        ("E-mail", [("EMAIL_HOST", "s.py"), ("EMAIL_PASSWORD", "s.py")]),
        ("Others", [("SHIPPING", "s.py")]),
    ]
    assert (found.module, found.apps, found.celery) == ("shop.settings", ("shop",), "")
