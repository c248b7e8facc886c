"""The image of a release for a cluster: CI's, one that is found, one that is built; and what is said where there is none."""

from __future__ import annotations

import pytest

from controlplane.core.errors import OutsideError
from tests.agents.specialists.conftest import Desk
from workloads.adapters.registry import Found
from workloads.building.failures import BuildFailed
from workloads.image_builds import Image, Wanted
from workloads.images import parse
from workloads.models import Cluster, Environment, Target
from workloads.verdicts import Verdict

DIGEST = "sha256:" + "a" * 64
NAMED = f"ghcr.io/team/shop@{DIGEST}"
THERE = Found(DIGEST, 120 * 1024**2, 7)


@pytest.fixture
def cluster_desk(desk: Desk) -> Desk:
    """The desk of an environment on a cluster."""
    Environment.objects.filter(pk=desk.environment.pk).update(driver="kubernetes")
    desk.environment.refresh_from_db()
    cluster = Cluster.objects.create(name="lab")
    Target.objects.create(environment=desk.environment, cluster=cluster, namespace="shop", image_repository="ghcr.io/team/shop")
    return desk


def finds(monkeypatch: pytest.MonkeyPatch, found: Found | Exception | None) -> None:
    def look(*_: object, **__: object) -> Found | None:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("workloads.registries.look", look)


def builds(monkeypatch: pytest.MonkeyPatch, made: Image | Exception) -> list[Wanted]:
    asked: list[Wanted] = []

    def build(wanted: Wanted) -> Image:
        asked.append(wanted)
        if isinstance(made, Exception):
            raise made
        return made

    monkeypatch.setattr("workloads.image_builds.build", build)
    return asked


def test_an_image_that_ci_named_is_looked_for_and_taken(cluster_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, THERE)
    found = cluster_desk.ask("cicd", image=NAMED)
    assert found.verdict == Verdict.PASSED and found.data["image"] == NAMED and found.data["artefact"]
    rows = dict(found.evidence[0].body["rows"])
    assert rows["Digest"] == DIGEST and rows["Size"] == "120 MiB in 7 layers"


def test_one_that_is_not_there_fails_and_one_that_nobody_can_look_at_is_inconclusive(
    cluster_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, None)
    found = cluster_desk.ask("cicd", image=NAMED)
    assert found.verdict == Verdict.FAILED and "has no image" in found.summary and "image" not in found.data
    finds(monkeypatch, OutsideError("It does not answer.", cure="Look at the network."))
    found = cluster_desk.ask("cicd", image=NAMED)
    assert found.verdict == Verdict.INCONCLUSIVE and found.data["image"] == NAMED and found.cure == "Look at the network."


def test_otherwise_it_is_built_and_shown(cluster_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Image(
        parse(NAMED), THERE, False, "buildah", "python:3.12-slim", "FROM x\n", "STEP 1\ntoken=abcdefgh12345678", ("A note.",)
    )
    asked = builds(monkeypatch, made)
    found = cluster_desk.ask("cicd")
    assert found.verdict == Verdict.PASSED and found.data["image"] == NAMED
    assert asked[0].plan.settings_module == "site1.settings" and asked[0].artefact.digest == found.data["artefact"]
    titles = [piece.title for piece in found.evidence]
    assert titles[:3] == ["The image", "Dockerfile (made by Timonel)", "Log of the image"]
    assert "built with buildah" in found.summary and "A note." in found.summary
    assert "abcdefgh12345678" not in str(found.evidence)


def test_a_build_that_fails_is_told_with_its_log(cluster_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    builds(monkeypatch, BuildFailed("The image failed: no space.", cure="Free some.", log="STEP 1\nno space"))
    found = cluster_desk.ask("cicd")
    assert found.verdict == Verdict.FAILED and found.cure == "Free some." and "no space" in str(found.evidence)


def test_without_a_repository_it_says_where_to_set_one(cluster_desk: Desk) -> None:
    Target.objects.update(image_repository="")
    cluster_desk.environment = Environment.objects.get(pk=cluster_desk.environment.pk)
    found = cluster_desk.ask("cicd")
    assert found.verdict == Verdict.FAILED and "image repository" in found.summary and "--image" in found.cure


def test_where_processes_run_no_image_is_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = builds(monkeypatch, OutsideError("never"))
    assert "image" not in desk.ask("cicd").data and asked == []
