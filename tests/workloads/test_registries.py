"""Registries: who signs in where, names made exact, and requests that name an image."""

from __future__ import annotations

import pytest

from agents import deploying, promotion
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, NotFound, OutsideError, Refused
from controlplane.core.models import AuditEntry, User
from tests.workloads.stage import Stage
from workloads import registries
from workloads.adapters.registry import Found
from workloads.images import Reference, parse
from workloads.models import Environment, Registry

pytestmark = pytest.mark.django_db
DIGEST = "sha256:" + "a" * 64
SYSTEM = Actor.system("test")


def answers(monkeypatch: pytest.MonkeyPatch, found: Found | Exception | None) -> list[Reference]:
    """A registry that answers with this; the images that it was asked for."""
    asked: list[Reference] = []

    def look(image: Reference, *_: object, **__: object) -> Found | None:
        asked.append(image)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("workloads.adapters.registry.look", look)
    return asked


@pytest.fixture
def on_a_cluster(local: Stage) -> Environment:
    Environment.objects.filter(pk=local.environment.pk).update(driver="kubernetes")
    local.environment.refresh_from_db()
    return local.environment


def test_a_password_is_sealed_kept_and_shown_nowhere() -> None:
    registries.save(SYSTEM, "ghcr.io", user="dan", password="hunter2-token")
    registries.save(SYSTEM, "ghcr.io", user="dan", insecure=True)
    found = registries.login("ghcr.io")
    assert (found.user, found.password, found.insecure) == ("dan", "hunter2-token", True)
    assert Registry.objects.extra(select={"raw": "password"}).values_list("raw", flat=True)[0] != "hunter2-token"
    assert "hunter2" not in str(list(AuditEntry.objects.values_list("after", flat=True))) and "hunter2" not in repr(found)


def test_who_is_not_listed_is_asked_as_a_stranger() -> None:
    assert registries.login("ghcr.io").user == ""


def test_a_digest_is_taken_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, None)
    assert registries.pin(f"ghcr.io/team/web@{DIGEST}").pinned == f"ghcr.io/team/web@{DIGEST}"
    assert asked == []


def test_a_tag_becomes_a_digest_or_is_refused_with_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, Found(DIGEST, 1, 1))
    assert registries.pin("ghcr.io/team/web:1.2").pinned == f"ghcr.io/team/web@{DIGEST}"
    answers(monkeypatch, OutsideError("It does not answer.", cure="Look at the network."))
    with pytest.raises(Invalid, match="could not be made a digest") as caught:
        registries.pin("ghcr.io/team/web:1.2")
    assert "@sha256:" in caught.value.cure and "Look at the network." in caught.value.cure
    answers(monkeypatch, None)
    with pytest.raises(NotFound):
        registries.pin("ghcr.io/team/web:1.2")


def test_a_base_image_that_cannot_be_pinned_is_named_by_its_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, OutsideError("It does not answer."))
    image, why = registries.try_to_pin(parse("python:3.12-slim"))
    assert image.pinned == "" and why == "It does not answer."


def test_a_run_is_asked_for_with_exactly_one_image(on_a_cluster: Environment, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, Found(DIGEST, 1, 1))
    run = deploying.start(Actor.person(alice), on_a_cluster, {"ref": "v1"}, image="ghcr.io/team/web:1.2", idempotency_key="one")
    assert run.input == {"ref": "v1", "image": f"ghcr.io/team/web@{DIGEST}"}


def test_an_image_has_no_place_where_processes_run(local: Stage, alice: User) -> None:
    with pytest.raises(Invalid, match="not images"):
        deploying.start(Actor.person(alice), local.environment, {"ref": "v1"}, image=f"a.example/b@{DIGEST}", idempotency_key="one")


def test_a_registry_is_not_asked_for_who_may_not_run(
    on_a_cluster: Environment, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(monkeypatch, Found(DIGEST, 1, 1))
    with pytest.raises(Refused):
        deploying.start(Actor.person(mallory), on_a_cluster, {"ref": "v1"}, image="127.0.0.1:5000/a:1", idempotency_key="one")
    assert asked == []


def test_a_promotion_takes_the_very_image_along(on_a_cluster: Environment, local: Stage) -> None:
    release = local.release("v1", image=f"ghcr.io/team/web@{DIGEST}")
    assert promotion.input_of(release, on_a_cluster)["image"] == release.image
    on_a_cluster.driver = Environment.Driver.PROCESS
    assert "image" not in promotion.input_of(release, on_a_cluster)
