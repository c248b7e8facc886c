"""Two releases side by side, with a real Git repository behind them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from controlplane.core.errors import NotFound
from tests.workloads import projects
from tests.workloads.stage import SYSTEM, Stage, stage
from workloads import comparison, history
from workloads.adapters import git
from workloads.comparison import Comparison
from workloads.history import Unknown
from workloads.models import Release
from workloads.previews import Facts, Migration

pytestmark = pytest.mark.django_db
TOKEN = f"ghp_{'a1B2' * 9}"
LOCKS = Migration("shop", "0002_index", "Create index", ("locks",), "shop.0002_index: an index is made.")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Stage]:
    """An application whose mirror has two commits; the second adds a migration and another version of Django."""
    with override_settings(DATA_DIR=tmp_path):
        place = stage()
        application = place.environment.application
        application.understood = {"requirements": {"files": ["requirements.txt"]}}
        application.save()
        git.clone_or_fetch(str(repository(tmp_path)), history.mirror_of(application), deadline=time.monotonic() + 60)
        yield place


def repository(folder: Path) -> Path:
    made = projects.repository(
        projects.write_paths(folder / "origin", {"shop/migrations/0001_initial.py": "", "requirements.txt": "a"})
    )
    projects.git(made, "tag", "v1")
    projects.write_paths(made, {"shop/migrations/0002_index.py": "", "requirements.txt": "b"})
    projects.git(made, "add", "-A")
    projects.git(made, "commit", "-q", "-m", f"Make an index with {TOKEN}\n\nThe rest is not shown.")
    projects.git(made, "tag", "v2")
    return made


def release(place: Stage, ref: str, **values: object) -> Release:
    """The release of a tag."""
    return place.release(ref, commit=git.resolve(history.mirror_of(place.environment.application), ref).sha, **values)


def compared(place: Stage, before: Release, after: Release) -> Comparison:
    return comparison.compare(SYSTEM, place.environment.application, before.pk, after.pk)


def test_commits_are_those_that_only_one_has_and_are_redacted(place: Stage) -> None:
    old, new = release(place, "v1"), release(place, "v2")
    there, back = compared(place, old, new).history, compared(place, new, old).history
    assert [commit.author for commit in there.gained] == ["Alice"]
    assert there.gained[0].subject.startswith("Make an index with ")
    assert TOKEN not in there.gained[0].subject
    assert (there.lost, back.lost, back.gained) == ((), there.gained, ())


def test_migrations_come_with_the_classes_that_a_plan_gave_them(place: Stage) -> None:
    old, new = release(place, "v1"), release(place, "v2")
    assert compared(place, old, new).gained[0].kinds == ()
    place.propose(new, facts=Facts(migrations=(LOCKS,)))
    found = compared(place, old, new)
    assert [(one.app, one.name, one.kinds) for one in found.gained] == [("shop", "0002_index", ("locks",))]
    assert compared(place, new, old).lost == found.gained


def test_files_that_name_dependencies_are_told(place: Stage) -> None:
    old, new = release(place, "v1"), release(place, "v2")
    assert compared(place, old, new).requirements == ("requirements.txt",)


def test_variables_are_told_by_name_and_never_by_value(place: Stage) -> None:
    old = place.release(
        "v1", configuration={"KEY": {"value": "s3cret-one", "secret": True}, "OLD": {"value": "x", "secret": False}}
    )
    new = place.release(
        "v2", configuration={"KEY": {"value": "s3cret-two", "secret": True}, "NEW": {"value": "y", "secret": False}}
    )
    found = compared(place, old, new).variables
    assert [(one.name, one.change, one.secret) for one in found] == [
        ("KEY", "changed", True),
        ("NEW", "added", False),
        ("OLD", "removed", False),
    ]
    assert "s3cret" not in repr(found)


def test_processes_and_the_way_of_running_are_told_where_they_differ(place: Stage) -> None:
    old = place.release("v1", run_plan={"processes": {"web": ["gunicorn"]}, "health_path": "/up"})
    new = place.release("v2", run_plan={"processes": {"web": ["gunicorn"], "worker": ["celery"]}, "health_path": "/healthz"})
    found = compared(place, old, new)
    assert [(row["name"], row["change"]) for row in found.processes] == [("worker", "added")]
    assert [(one.name, one.before, one.after) for one in found.settings] == [("health_path", "/up", "/healthz")]


def test_what_git_cannot_tell_is_unknown_and_never_an_error(place: Stage) -> None:
    old, new = release(place, "v1"), release(place, "v2")
    assert compared(place, place.release("gone"), new).history.unknown == Unknown.GONE
    assert history.between(new.application, old.commit, new.commit, seconds=0).unknown == Unknown.SLOW
    shutil.rmtree(history.mirror_of(new.application))
    found = compared(place, old, new)
    assert (found.history.unknown, found.gained) == (Unknown.GONE, ())


def test_a_release_of_another_application_does_not_exist_here(place: Stage) -> None:
    foreign = stage(application="another").release("v1")
    with pytest.raises(NotFound, match=f"no release {foreign.pk}"):
        compared(place, place.release("v1"), foreign)


def test_deployments_of_each_come_with_their_verdicts(place: Stage) -> None:
    old, new = release(place, "v1"), release(place, "v2")
    place.live(old)
    before, after = compared(place, old, new).deployments
    assert ([one.verdict for one in before], after) == (["passed"], ())
