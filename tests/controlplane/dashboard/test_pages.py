"""What the pages say, and how many questions they ask the database."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from agents import events
from agents.models import Run
from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys.scene import Scene
from workloads.models import Application, Deployment, Environment, Variable

HX = {"HX-Request": "true"}
PAGES = ("/", "/inbox/", "/runs/", "/deployments/", "/findings/", "/incidents/", "/specialists/", "/audit/", "/search/?q=store")


def text_of(html: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_overview_marks_what_is_in_trouble(as_: SignIn) -> None:
    page = as_("bob").get("/").content.decode()
    assert page.count("troubled") == 2
    assert "2 environments in trouble" in page
    assert "1 change waits for you" in page


def test_a_person_without_a_role_is_told_to_ask_for_one(as_: SignIn) -> None:
    page = as_("mallory").get("/").content.decode()
    assert "You have no role here yet" in page
    assert "ws-connect" not in page


def test_not_evaluated_and_no_data_never_look_like_success(scene: Scene, as_: SignIn) -> None:
    page = as_("bob").get(f"/runs/{scene.runs['stopped'].pk}/?node=plan").content.decode()
    shown = re.search(r'<section class="panel" id="node".*?</header>', page, re.S)
    assert shown is not None
    assert "not evaluated" in shown[0]
    assert "status quiet" in shown[0]
    assert "status ok" not in shown[0]


def test_a_run_opens_at_the_step_that_failed(scene: Scene, as_: SignIn) -> None:
    page = as_("bob").get(f"/runs/{scene.runs['rolled-back'].pk}/").content.decode()
    assert 'id="node-title">Verify<' in page
    assert "relation &quot;billing_cache&quot; does not exist" in page


def test_the_story_is_asked_for_after_a_number(scene: Scene, as_: SignIn) -> None:
    run = scene.runs["running"]
    client = as_("bob")
    assert client.get(f"/runs/{run.pk}/events/?after={run.last_event}", headers=HX).content.strip() == b""
    events.append(run.pk, events.lines("one\ntwo"))
    more = client.get(f"/runs/{run.pk}/events/?after={run.last_event}", headers=HX).content.decode()
    assert re.findall(r'id="event-(\d+)"', more) == [str(run.last_event + 1), str(run.last_event + 2)]
    assert f'value="{run.last_event + 2}"' in more


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 40, "1e3", ""])
def test_nonsense_in_the_address_is_read_as_the_beginning(nonsense: str, scene: Scene, as_: SignIn) -> None:
    run = scene.runs["running"].pk
    assert as_("bob").get(f"/runs/{run}/events/", {"after": nonsense}).status_code == 200
    for place in ("/runs/", "/deployments/", "/findings/", "/incidents/", "/audit/"):
        asked = {"before": nonsense, "environment": nonsense, "application": nonsense, "status": nonsense}
        assert as_("bob").get(place, asked).status_code == 200


def test_output_of_programs_is_escaped(scene: Scene, as_: SignIn) -> None:
    run = scene.runs["running"]
    events.append(run.pk, events.lines("\x1b[31m<script>alert(1)</script>\x1b[0m", node="testing", kind="line"))
    for place in (f"/runs/{run.pk}/", f"/runs/{run.pk}/log/"):
        page = as_("bob").get(place).content.decode()
        assert "<script>alert" not in page
        assert '<span class="ansi-red">&lt;script&gt;alert(1)&lt;/script&gt;</span>' in page
    last = as_("bob").get(f"/runs/{run.pk}/log/lines/").json()["lines"][-1]
    assert last["html"] == '<span class="ansi-red">&lt;script&gt;alert(1)&lt;/script&gt;</span>'


def test_the_change_page_shows_the_hashed_bytes(scene: Scene, as_: SignIn) -> None:
    sent = as_("bob").get(f"/changes/{scene.change.pk}/preview.json").content
    assert hashlib.sha256(sent).hexdigest() == scene.change.preview_sha256
    assert scene.change.preview_sha256 in as_("bob").get(f"/changes/{scene.change.pk}/").content.decode()


def test_the_change_page_masks_secrets_and_says_that_they_changed(scene: Scene, as_: SignIn) -> None:
    page = as_("bob").get(f"/changes/{scene.change.pk}/").content.decode()
    assert "y" * 24 not in page
    assert "another value" in page


def test_variables_are_shown_by_name_only(scene: Scene, as_: SignIn) -> None:
    production = scene.environments["storefront/production"]
    Variable.objects.create(environment=production, name="PLAIN", value="visible-value-42", secret=False)
    page = as_("ada").get(f"/environments/{production.pk}/").content.decode()
    assert "PLAIN" in page
    assert "visible-value-42" not in page


def test_the_log_of_a_process_is_shown_without_secrets(scene: Scene, as_: SignIn, tmp_path: Path) -> None:
    production = scene.environments["storefront/production"]
    instance = production.instances.get()
    folder = tmp_path / "instances" / str(instance.pk)
    folder.mkdir(parents=True)
    (folder / "web.log").write_text(f"GET / 200 <b>\nkey is {'z' * 24}\n")
    with override_settings(DATA_DIR=tmp_path):
        page = as_("bob").get(f"/environments/{production.pk}/log/{instance.pk}/web/").content.decode()
        other = as_("bob").get(f"/environments/{production.pk}/log/{instance.pk}/passwd/").content.decode()
    assert "GET / 200 &lt;b&gt;" in page
    assert "z" * 24 not in page
    assert "GET / 200" not in other


def test_a_log_is_asked_for_by_its_own_environment_only(scene: Scene, as_: SignIn) -> None:
    local, production = scene.environments["storefront/local"], scene.environments["storefront/production"]
    instance = production.instances.get()
    assert as_("bob").get(f"/environments/{local.pk}/log/{instance.pk}/web/").status_code == 404


def test_a_refused_deployment_keeps_what_was_typed(scene: Scene, as_: SignIn) -> None:
    application = scene.environments["storefront/local"].application_id
    answer = as_("alice").post(f"/applications/{application}/deploy/", {"ref": "v2", "environment": "999", "key": "k"}, headers=HX)
    assert answer.status_code == 404
    assert 'value="v2"' in answer.content.decode()


def test_the_same_form_sent_twice_starts_one_run(scene: Scene, as_: SignIn) -> None:
    local = scene.environments["storefront/local"]
    form = {"ref": "v2", "environment": local.pk, "key": "form-1"}
    first, second = (as_("alice").post(f"/applications/{local.application_id}/deploy/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Run.objects.filter(idempotency_key="form-1").count() == 1


def test_the_list_of_deployments_says_where(as_: SignIn) -> None:
    assert "billing/production" in re.sub(r"<option.*?</option>", "", as_("bob").get("/deployments/").content.decode(), flags=re.S)


@pytest.mark.parametrize("place", PAGES)
def test_pages_carry_nothing_inline_and_nothing_from_elsewhere(place: str, as_: SignIn) -> None:
    page = as_("ada").get(place).content.decode()
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_number_of_queries_does_not_grow_with_rows(scene: Scene, as_: SignIn) -> None:
    client = as_("bob")
    before = {place: _queries(client, place) for place in PAGES}
    _more_of_everything(scene)
    after = {place: _queries(client, place) for place in before}
    assert after == before


def _queries(client: object, place: str) -> int:
    cache.clear()  # figures are kept for a minute
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(place)  # type: ignore[attr-defined]
    return len(asked)


def _more_of_everything(scene: Scene) -> None:
    release = Deployment.objects.filter(environment=scene.environments["storefront/local"]).first()
    assert release is not None
    for number in range(6):
        application = Application.objects.create(name=f"store-{number}", repository="/srv/git/more")
        environment = Environment.objects.create(application=application, name="local", tier="local")
        key = f"more-{number}"
        run = Run.objects.create(workflow="deploy", environment=environment, requested_by_label="alice", idempotency_key=key)
        given = {"release": release.release, "status": "live", "verdict": "inconclusive", "run_number": run.pk}
        Deployment.objects.create(environment=environment, **given)


def test_every_page_speaks_spanish(scene: Scene, as_: SignIn) -> None:
    client = as_("bob")
    client.cookies[configured.LANGUAGE_COOKIE_NAME] = "es"
    assert "Resumen" in client.get("/").content.decode()
    page = text_of(client.get(f"/changes/{scene.change.pk}/").content.decode())
    for word in ("Riesgo", "Su decisión", "espera aprobación", "Para aprobar, escriba"):
        assert word in page
