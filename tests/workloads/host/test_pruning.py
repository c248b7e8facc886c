"""What is cleared away, and what is kept for a way back."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from workloads.host import place, pruning
from workloads.models import Application, Environment, Instance, Release, Sample

EMPTY: Any = {}


@pytest.fixture
def environment(db: None, settings: Any, tmp_path: Path) -> Environment:
    settings.DATA_DIR = tmp_path
    application = Application.objects.create(name="shop", repository="/nowhere")
    return Environment.objects.create(application=application, name="local", port=8100)


def stopped(environment: Environment, number: int) -> Instance:
    release = Release.objects.create(
        application=environment.application,
        ref=f"v{number}",
        commit=f"{number}" * 40,
        artefact_digest="0",
        configuration_digest="0",
        configuration=EMPTY,
    )
    folder = place.release_folder(environment, f"run-{number}")
    folder.mkdir(parents=True)
    made = Instance.objects.create(environment=environment, release=release, key=f"run-{number}", folder=str(folder))
    Instance.objects.filter(pk=made.pk).update(wanted="stopped", status="stopped")
    place.instance_folder(made.pk).mkdir(parents=True)
    return made


def test_old_stopped_instances_go_with_their_folders(environment: Environment) -> None:
    made = [stopped(environment, number) for number in range(8)]
    environment.active_instance = made[1]
    environment.save()
    Instance.objects.filter(pk=made[1].pk).update(replaced=made[0])
    pruning.prune(timezone.now())
    kept = set(Instance.objects.values_list("pk", flat=True))
    assert kept == {instance.pk for instance in (made[0], made[1], *made[3:])}
    assert not Path(made[2].folder).exists()
    assert not place.instance_folder(made[2].pk).exists()
    assert Path(made[0].folder).exists()


def test_a_folder_nobody_knows_goes_once_it_is_old(environment: Environment) -> None:
    known = stopped(environment, 1)
    lost, young = (place.release_folder(environment, name) for name in ("lost", "young"))
    for folder in (lost, young):
        folder.mkdir(parents=True)
    past = (timezone.now() - timedelta(hours=3)).timestamp()
    for folder in (lost, Path(known.folder)):
        os.utime(folder, (past, past))
    pruning.prune(timezone.now())
    assert not lost.exists()
    assert young.exists()
    assert Path(known.folder).exists()


def test_a_row_cannot_make_us_delete_outside_our_own_folder(
    environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    precious = tmp_path_factory.mktemp("precious")
    made = [stopped(environment, number) for number in range(6)]
    Instance.objects.filter(pk=made[0].pk).update(folder=str(precious))
    pruning.prune(timezone.now())
    assert precious.exists()


def test_old_samples_are_forgotten(environment: Environment) -> None:
    instance, now = stopped(environment, 1), timezone.now()
    for days in (1, 30):
        Sample.objects.create(instance=instance, at=now - timedelta(days=days), process="web")
    pruning.prune(now)
    assert Sample.objects.count() == 1
