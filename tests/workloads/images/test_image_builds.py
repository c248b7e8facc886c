"""The whole way: a project's image is built from the generated Dockerfile, pushed, found again, and runs.

Needs a registry with base images (TIMONEL_TEST_REGISTRY). TIMONEL_TEST_SOURCES=FOLDER:FOLDER adds applications beside the sample.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid
from tests.workloads.images.recipes import hadolint
from tests.workloads.projects import project
from tests.workloads.stage import quiet
from workloads import builds, image_builds, registries
from workloads.building.failures import BuildFailed
from workloads.image_builds import Image, Wanted
from workloads.images import dummies
from workloads.models import Application, Cluster, Environment, Target
from workloads.source.plan import build_steps, run_plan
from workloads.source.understand import understand

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.usefixtures("buildah")]
OTHERS = [Path(name) for name in os.environ.get("TIMONEL_TEST_SOURCES", "").split(":") if name]
SOURCES = [Path("deploy/sample/base"), *OTHERS]
PORT = 18765


@pytest.fixture
def wanted(request: pytest.FixtureRequest, base_registry: str, settings: LazySettings, tmp_path: Path) -> Wanted:
    """Everything an image of one source is made of."""
    source: Path = getattr(request, "param", SOURCES[0])
    return prepared(source, base_registry, settings, tmp_path)


def prepared(source: Path, base_registry: str, settings: LazySettings, tmp_path: Path) -> Wanted:
    """The rows, the environment and the artefact of a source."""
    settings.DATA_DIR = tmp_path
    base = "{python}-slim-bookworm" if source in OTHERS else "3.11-slim"
    settings.BASE_IMAGE = f"{base_registry}/library/python:{base}"
    settings.NODE_IMAGE = f"{base_registry}/library/node:20-slim"
    registries.save(Actor.system("test"), base_registry, insecure=True)
    understood = understand(source, "")
    understood = replace(understood, python_preferred=image_builds.python_of_the_base() or understood.python_preferred)
    application = Application.objects.create(name="shop", repository=str(source))
    environment = Environment.objects.create(application=application, name="staging", driver="kubernetes", tier="staging")
    cluster = Cluster.objects.create(name="lab")
    repository = f"{base_registry}/tests/{secrets.token_hex(6)}"
    target = Target.objects.create(environment=environment, cluster=cluster, namespace="shop", image_repository=repository)
    deadline = time.monotonic() + 800
    built = builds.environment(source, understood, allow_unpinned=True, say=quiet, cancelled=lambda: False, deadline=deadline)
    steps = () if source in OTHERS else build_steps(understood, application)
    artefact = builds.artefact(source, understood, built, steps, say=quiet, cancelled=lambda: False, deadline=deadline)
    plan = run_plan(understood, application, None)
    return Wanted(application, target, source, understood, plan, artefact, "c" * 40, quiet, lambda: False, deadline)


@pytest.mark.parametrize("wanted", SOURCES, indirect=True, ids=lambda path: path.name)
def test_an_image_is_built_once_and_runs(wanted: Wanted) -> None:
    started = time.monotonic()
    made = image_builds.build(wanted)
    seconds = time.monotonic() - started
    assert not made.cached and made.reference.pinned and hadolint(made.dockerfile) == ""
    again = image_builds.build(wanted)
    assert again.cached and again.reference.pinned == made.reference.pinned
    print(f"\n{wanted.source.name}: {seconds:.0f} s, {made.found.size / 1024**2:.0f} MiB in {made.found.layers} layers")  # type: ignore[operator]
    with running(made, dummies.of(wanted.project)) as answers:
        assert answers < 500


def test_what_it_runs_as_and_what_is_in_it(wanted: Wanted) -> None:
    made = image_builds.build(wanted)
    with container(made) as name:
        told = json.loads(_buildah("inspect", "--type", "image", made.reference.pinned))["OCIv1"]["config"]
        assert told["User"] == "10001:10001" and "8000/tcp" in told["ExposedPorts"]
        assert told["Labels"]["org.opencontainers.image.revision"] == "c" * 40
        listing = _buildah(
            "run", "--isolation", "chroot", name, "--", "sh", "-c", "id -u; ls -a; ls staticfiles | head -3; which gcc || true"
        )
        assert listing.startswith("10001") and "admin" in listing and ".timonel" not in listing and "gcc" not in listing
        history = _buildah("inspect", "--type", "image", made.reference.pinned)
        assert "only-for-the-build" not in history and "pip.conf" not in history


def test_static_files_that_the_application_leaves_to_others_are_served(
    base_registry: str, settings: LazySettings, tmp_path: Path
) -> None:
    source = project(tmp_path / "plain", **{"shop/static/shop/site.css": "body { color: teal }\n"})
    wanted = prepared(source, base_registry, settings, tmp_path)
    plan = replace(wanted.plan, static_root="staticfiles", static_url="/static/")
    made = image_builds.build(replace(wanted, plan=plan))
    with running(made, {"SECRET_KEY": "x", "DEBUG": "0"}, "/static/shop/site.css") as answers:
        assert answers == 200


def test_an_applications_own_dockerfile_is_used_where_it_is_named(wanted: Wanted, tmp_path: Path, base_registry: str) -> None:
    source = tmp_path / "own"
    shutil.copytree(wanted.source, source)
    (source / "docker").mkdir()
    (source / "docker" / "Dockerfile").write_text(f"FROM {base_registry}/library/python:3.11-slim\nCOPY manage.py /manage.py\n")
    wanted.target.dockerfile = "docker/Dockerfile"
    made = image_builds.build(replace(wanted, source=source))
    assert "COPY manage.py" in made.dockerfile and made.found.layers == 2


def test_a_dockerfile_that_fails_is_told_with_what_the_builder_said(wanted: Wanted, tmp_path: Path, base_registry: str) -> None:
    source = tmp_path / "own"
    source.mkdir()
    (source / "Dockerfile").write_text(f"FROM {base_registry}/library/python:3.11-slim\nRUN python -m nothing_here\n")
    wanted.target.dockerfile = "Dockerfile"
    with pytest.raises(BuildFailed, match="nothing_here") as caught:
        image_builds.build(replace(wanted, source=source))
    assert "python -m nothing_here" in caught.value.log


@pytest.mark.parametrize("path", ["absent/Dockerfile", "../Dockerfile", "/etc/passwd"])
def test_a_dockerfile_outside_of_the_repository_is_refused(wanted: Wanted, path: str) -> None:
    wanted.target.dockerfile = path
    with pytest.raises(Invalid, match="has no"):
        image_builds.build(wanted)


@contextmanager
def container(made: Image) -> Iterator[str]:
    name = f"timonel-test-{secrets.token_hex(4)}"
    _buildah("from", "--tls-verify=false", "--name", name, made.reference.pinned)
    try:
        yield name
    finally:
        _buildah("rm", name)


@contextmanager
def running(made: Image, variables: dict[str, str], path: str = "/") -> Iterator[int]:
    """What a page of a container answers that runs as a cluster would run it."""
    with container(made) as name:
        told = json.loads(_buildah("inspect", "--type", "image", made.reference.pinned))["OCIv1"]["config"]
        command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{PORT}").replace("8000", str(PORT)) for word in told["Cmd"]]
        given = [word for item in {**variables, "ALLOWED_HOSTS": "*"}.items() for word in ("--env", "=".join(item))]
        both = f"python manage.py migrate --noinput; exec {shlex.join(command)}"
        argv = ["buildah", "run", "--isolation", "chroot", "--network", "host", *given, name, "--", "sh", "-c", both]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            yield _status(process, path)
        finally:
            os.killpg(process.pid, 9)
            process.wait()


def _status(process: subprocess.Popen[str], path: str) -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.3)
    raise AssertionError("it does not answer")


def _buildah(*words: str) -> str:
    done = subprocess.run(["buildah", *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
