"""Rows made into manifests: what is bound to what a pod can reach, and what is refused before anything is applied."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from controlplane.core.errors import Invalid, NotFound
from workloads import rendering
from workloads.admin.target_form import TargetForm
from workloads.manifests.names import sha
from workloads.manifests.profile import Broker, Peer, Profile
from workloads.models import Application, Cluster, Environment, Release, Target

pytestmark = pytest.mark.django_db
IMAGE = "registry.example.com/team/shop@sha256:" + "ab" * 32
PLAN = {
    "settings_module": "shop.settings",
    "folder": "backend",
    "processes": {"web": ["gunicorn", "shop.wsgi", "--bind", "127.0.0.1:{port}"], "worker": ["celery", "-A", "shop", "worker"]},
    "release_steps": [
        {"name": "migrate", "run": ["python", "manage.py", "migrate"], "when": "release"},
        {"name": "collect static files", "run": ["python", "manage.py", "collectstatic", "--noinput"], "when": "release"},
    ],
    "health_path": "/healthz",
    "shared": ["media/"],
}
DATABASE = {"DATABASE_URL": {"value": "postgres://shop:pw-1234567@db.example.com/shop", "secret": True}}


@pytest.fixture
def environment() -> Environment:
    application = Application.objects.create(name="shop", repository="/nowhere")
    cluster = Cluster.objects.create(name="lab")
    found = Environment.objects.create(application=application, name="production", driver="kubernetes", tier="production")
    Target.objects.create(environment=found, cluster=cluster, namespace="shop-production", options={"hosts": ["shop.example.com"]})
    return found


def release(environment: Environment, configuration: Any, image: str = IMAGE, **plan: Any) -> Release:
    given = {"configuration": configuration, "run_plan": {**PLAN, **plan}}
    return Release.objects.get_or_create(
        application=environment.application,
        ref="v2",
        commit="c0ffee" * 6,
        artefact_digest="a",
        configuration_digest=sha(configuration),
        image=image,
        defaults=given,
    )[0]


def options(environment: Environment, **given: Any) -> None:
    Target.objects.filter(environment=environment).update(options={"hosts": ["shop.example.com"], **given})


def profile(environment: Environment, configuration: dict[str, Any], **plan: Any) -> Profile:
    return rendering.profile_of(environment, release(environment, configuration, **plan))


def test_a_profile_is_what_the_rows_say(environment: Environment) -> None:
    found = profile(environment, DATABASE)
    assert (found.application, found.environment, found.namespace, found.tier) == (
        "shop",
        "production",
        "shop-production",
        "production",
    )
    assert (found.image, found.label, found.health_path, found.home) == (IMAGE, "v2", "/healthz", "/app/source/backend")
    assert [process.name for process in found.processes] == ["web", "worker"]
    assert found.values["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    assert set(found.secrets) == {"DATABASE_URL"}


def test_static_files_are_the_images_and_not_a_step_of_the_release(environment: Environment) -> None:
    assert [step.name for step in profile(environment, DATABASE).steps] == ["migrate"]


def test_a_release_without_an_image_is_refused_with_its_cure(environment: Environment) -> None:
    with pytest.raises(Invalid, match="has no image to run on a cluster") as caught:
        rendering.profile_of(environment, release(environment, {}, image=""))
    assert "by digest" in caught.value.cure


def test_an_environment_without_a_target_is_refused(environment: Environment) -> None:
    Target.objects.all().delete()
    with pytest.raises(Invalid, match="names no cluster"):
        profile(environment, DATABASE)


def test_allowed_hosts_are_every_name_it_is_asked_by(environment: Environment) -> None:
    found = profile(environment, {"ALLOWED_HOSTS": {"binding": "hosts", "secret": False}, "ORIGINS": {"binding": "origins.json"}})
    hosts = found.values["ALLOWED_HOSTS"].split(",")
    assert hosts[0] == found.pages_host == "shop.example.com"
    assert {"shop", "shop.shop-production.svc.cluster.local", "shop-preview.shop-production.svc", "localhost"} <= set(hosts)
    assert json.loads(found.values["ORIGINS"]) == ["https://shop.example.com"]


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("www.shop.example.com,localhost", "www.shop.example.com"),
        ('["api.example.com"]', "api.example.com"),
        (".example.com", "example.com"),
        ("*", "shop.example.com"),
        ("a.example.com shop.example.com", "shop.example.com"),
    ],
)
def test_probes_ask_under_a_name_that_a_person_allowed(environment: Environment, allowed: str, host: str) -> None:
    assert profile(environment, {"DJANGO_ALLOWED_HOSTS": {"value": allowed, "secret": False}}).pages_host == host


@pytest.mark.parametrize(("binding", "what"), [("database.url", "database"), ("redis.url", "broker")])
def test_a_server_on_this_machine_is_refused_before_anything_is_applied(
    environment: Environment, settings: Any, binding: str, what: str
) -> None:
    settings.APPLICATIONS_REDIS_URL = "redis://127.0.0.1:6379"
    with pytest.raises(Invalid, match=f"Pods cannot reach the {what} at 127.0.0.1") as caught:
        profile(environment, {"THE_URL": {"binding": binding, "secret": True}})
    assert '"address"' in caught.value.cure


def test_a_variable_that_names_this_machine_is_spoken_of(environment: Environment) -> None:
    """Not refused: a proxy may be put beside the application by a patch."""
    entry = {"DATABASE_URL": {"value": "postgres://shop:pw-1234567@127.0.0.1:5432/shop", "secret": True}}
    notes = rendering.render(environment, release(environment, entry)).notes
    assert notes[0] == "DATABASE_URL names a server on this machine: for a pod that is the pod itself."
    assert "pw-1234567" not in str(notes)


def test_the_same_server_at_an_address_that_pods_reach(environment: Environment, settings: Any) -> None:
    settings.APPLICATIONS_REDIS_URL = "redis://:hush-1234@127.0.0.1:6379"
    environment.database_url = "postgres://shop:pw-1234567@127.0.0.1:5432/shop_production"
    environment.save(update_fields=["database_url"])
    options(environment, database={"address": "198.51.100.7:5433"}, broker={"address": "valkey.data.svc:6379"})
    bindings = {"DATABASE_URL": "database.url", "REDIS_URL": "redis.url"}
    secret = {name: {"binding": binding, "secret": True} for name, binding in bindings.items()}
    found = profile(environment, {**secret, "DB_HOST": {"binding": "database.host"}})
    assert found.secrets["DATABASE_URL"].endswith("@198.51.100.7:5433/shop_production")
    assert found.values["DB_HOST"] == "198.51.100.7"
    assert found.secrets["REDIS_URL"].startswith("redis://:hush-1234@valkey.data.svc:6379/")
    assert {(peer.host, peer.port) for peer in found.peers} == {("198.51.100.7", 5433), ("valkey.data.svc", 6379)}
    assert found.broker == Broker("valkey.data.svc", 6379, environment.pk % 16)


def test_an_operators_secret_holds_all_of_a_database(environment: Environment) -> None:
    options(environment, database={"secret": "shop-db-app"})
    found = profile(
        environment, {"DATABASE_URL": {"binding": "database.url", "secret": True}, "DB_HOST": {"binding": "database.host"}}
    )
    assert {(one.variable, one.secret, one.key) for one in found.references} == {
        ("DATABASE_URL", "shop-db-app", "uri"),
        ("DB_HOST", "shop-db-app", "host"),
    }
    assert found.peers == (Peer("", 5432, "database"),)  # nobody but that Secret knows where it is


def test_everybody_the_variables_name_may_be_reached(environment: Environment) -> None:
    found = profile(
        environment,
        {
            **DATABASE,
            "EMAIL_HOST": {"value": "smtp.example.com", "secret": False},
            "EMAIL_PORT": {"value": "587", "secret": False},
            "SEARCH": {"value": "http://search.tools.svc:9200", "secret": False},
            "SITE": {"value": "https://www.example.com", "secret": False},
        },
    )
    assert found.peers == (
        Peer("db.example.com", 5432, "DATABASE_URL"),
        Peer("smtp.example.com", 587, "EMAIL_HOST"),
        Peer("search.tools.svc", 9200, "SEARCH"),
    )


def test_a_queue_with_a_password_is_measured_with_it(environment: Environment) -> None:
    options(environment, processes={"worker": {"autoscale": {"min": 1, "max": 5}}})
    found = profile(environment, {"CELERY_BROKER_URL": {"value": "redis://:hush-1234@valkey/3", "secret": True}})
    assert found.broker == Broker("valkey", 6379, 3, False, "KEDA_BROKER_PASSWORD")
    assert found.secrets["KEDA_BROKER_PASSWORD"] == "hush-1234"


def test_a_sqlite_file_that_would_end_with_its_pod_is_refused(environment: Environment) -> None:
    entry = {"DATABASE_URL": {"binding": "database.sqlite_url", "secret": False}}
    with pytest.raises(Invalid, match="would end with each pod"):
        profile(environment, entry)
    options(environment, storage={"kind": "claim"})
    assert profile(environment, entry).values["DATABASE_URL"] == "sqlite:////app/source/backend/shared-files/db.sqlite3"


def test_the_secret_key_is_the_environments_and_stays(environment: Environment) -> None:
    entry = {"SECRET_KEY": {"binding": "secret_key", "secret": True}}
    made = release(environment, entry)
    assert rendering.render(environment, made).secret == rendering.render(environment, made).secret
    assert rendering.profile_of(environment, made).secrets["SECRET_KEY"] == Environment.objects.get(pk=environment.pk).secret_key


def test_sets_and_attempts_come_from_whoever_rolls_out(environment: Environment) -> None:
    rendered = rendering.render(environment, release(environment, DATABASE), set="green", live="blue", attempt="7")
    assert rendered.web[0]["metadata"]["name"] == "shop-web-green"


@pytest.mark.parametrize("form", sorted(rendering.FORMATS))
def test_the_terminal_writes_every_form_and_never_a_secret(environment: Environment, tmp_path: Path, form: str) -> None:
    release(environment, DATABASE)
    out, err = StringIO(), StringIO()
    call_command("manifests", "shop/production", "--format", form, "--out", str(tmp_path), stdout=out, stderr=err)
    files = [place for place in tmp_path.rglob("*") if place.is_file()]
    assert f"{len(files)} files written" in out.getvalue()
    assert not [place for place in files if "pw-1234567" in place.read_text()]
    assert "media" in err.getvalue()  # what is written there would end with the pod


def test_the_terminal_prints_without_a_folder(environment: Environment) -> None:
    made, out = release(environment, DATABASE), StringIO()
    call_command("manifests", "shop/production", "--release", str(made.pk), stdout=out, stderr=StringIO())
    assert "kind: Deployment" in out.getvalue() and "pw-1234567" not in out.getvalue()


def test_the_terminal_says_what_is_not_there(environment: Environment) -> None:
    with pytest.raises(CommandError, match=r"There is no environment shop/staging.*shop/production"):
        call_command("manifests", "shop/staging")
    with pytest.raises(NotFound, match="has no release v9"):
        rendering.written("shop/production", "plain", "v9")


def test_what_a_patch_breaks_is_found_offline(environment: Environment) -> None:
    patches = [{"kind": "Deployment", "component": "web", "patch": {"spec": {"replicas": "three"}}}]
    Target.objects.filter(environment=environment).update(patches=patches)
    facts = rendering.facts(rendering.render(environment, release(environment, DATABASE)).objects)
    assert any("spec.replicas: 'three' is not of type" in fact.message for fact in facts)


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("options", {"hosts": ["https://shop.example.com"]}, "Option hosts.0"),
        ("options", {"rollout": {"anything": "is the driver's"}}, ""),
        ("options", ["web"], "Give a map"),
        ("patches", {"kind": "Deployment"}, "Give a list"),
        ("patches", [{"name": "shop-web"}], "Give a list"),
        ("patches", [{"kind": "Deployment", "patch": {}}], ""),
    ],
)
def test_the_administration_says_at_once_what_a_rendering_would_refuse(
    environment: Environment, field: str, given: Any, says: str
) -> None:
    target = Target.objects.get(environment=environment)
    values = {name: getattr(target, name) for name in ("namespace", "strategy", "mode", "image_repository")}
    told = {**values, "environment": environment.pk, "cluster": target.cluster_id, "options": "{}", "patches": "[]"}
    form = TargetForm({**told, field: json.dumps(given)}, instance=target)
    assert form.is_valid() is (not says), form.errors
    assert says in str(form.errors.get(field, [""])[0])
