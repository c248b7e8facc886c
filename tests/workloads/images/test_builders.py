"""Images are built and pushed for real, into a real registry, and found there again."""

from __future__ import annotations

import json
import secrets
import threading
import time
from pathlib import Path

import pytest

from controlplane.core.errors import Invalid
from workloads.adapters import builders, registry
from workloads.adapters.builders import Around, Login, Order
from workloads.images import Reference


def around(lines: list[str], cancelled: threading.Event | None = None, seconds: float = 60) -> Around:
    return Around(lines.append, lambda: bool(cancelled and cancelled.is_set()), lambda: seconds)


def order(folder: Path, name: str, text: str = "FROM scratch\nCOPY hello /hello\n", **more: object) -> Order:
    context = folder / "context"
    context.mkdir(exist_ok=True)
    (context / "hello").write_text(secrets.token_hex(8))
    (folder / "Dockerfile").write_text(text)
    return Order(context, folder / "Dockerfile", name, **more)  # type: ignore[arg-type]


@pytest.fixture
def image(registry_host: str) -> Reference:
    return Reference(registry_host, f"tests/{secrets.token_hex(6)}", "1")


@pytest.mark.usefixtures("buildah")
def test_what_is_pushed_is_found_by_tag_and_by_digest(tmp_path: Path, image: Reference) -> None:
    lines: list[str] = []
    builder, login = builders.find(), Login(image.registry, insecure=True)
    done = builder.build(order(tmp_path, str(image), labels={"a": "b c"}), [login], around(lines))
    assert done.ok, done.output
    pushed, digest = builder.push(str(image), login, around(lines))
    assert pushed.ok, pushed.output
    found = registry.look(image, login, private=True)
    assert found is not None and found.digest == digest and found.layers == 1 and found.size
    assert registry.resolve(image, login, private=True) == image.at(digest)
    assert registry.look(image.at(digest), login, private=True) == found
    assert any("COPY hello" in line for line in lines)


def test_what_is_not_there_is_none(registry_host: str) -> None:
    login = Login(registry_host, insecure=True)
    assert registry.look(Reference(registry_host, "tests/none", "1"), login, private=True) is None
    assert registry.look(Reference(registry_host, "tests/none", "", "sha256:" + "0" * 64), login, private=True) is None


def test_a_registry_on_a_private_network_is_asked_only_where_it_is_listed(registry_host: str) -> None:
    with pytest.raises(Invalid, match="not asked from here"):
        registry.look(Reference(registry_host, "tests/none", "1"), Login(registry_host, insecure=True), private=False)


@pytest.mark.usefixtures("buildah")
def test_a_build_that_fails_says_what_the_builder_said(tmp_path: Path, image: Reference) -> None:
    done = builders.find().build(order(tmp_path, str(image), "FROM scratch\nCOPY absent /\n"), [], around([]))
    assert not done.ok and "absent" in done.output


@pytest.mark.usefixtures("buildah")
def test_a_build_that_is_wanted_no_more_ends_at_once(tmp_path: Path, image: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    """The builder waits for a base that never comes: its whole family ends with it."""
    cancelled, silent = threading.Event(), _silent()
    threading.Timer(1.0, cancelled.set).start()
    started = time.monotonic()
    text = f"FROM 127.0.0.1:{silent}/never/there:1\n"
    done = builders.find().build(order(tmp_path, str(image), text, insecure_base=True), [], around([], cancelled))
    assert done.ended == "cancelled" and time.monotonic() - started < 10


def test_credentials_are_in_a_private_file_that_is_gone_afterwards() -> None:
    with builders._signed_in([Login("r.example", "dan", "hunter2"), Login("docker.io", "eve", "x")]) as folder:
        file = folder / "config.json"
        assert file.stat().st_mode & 0o077 == 0 and folder.stat().st_mode & 0o077 == 0
        assert set(json.loads(file.read_text())["auths"]) == {"r.example", "https://index.docker.io/v1/"}
    assert not folder.exists()
    assert "hunter2" not in repr(Login("r.example", "dan", "hunter2"))


def test_how_the_index_is_reached_becomes_secrets_of_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = tmp_path / "ca.crt"
    certificates.write_text("x")
    monkeypatch.setenv("PIP_INDEX_URL", "https://dan:hunter2@index.example/simple")
    monkeypatch.setenv("PIP_CERT", str(certificates))
    found = builders.index_secrets(tmp_path)
    told = found["pip"].read_text()
    assert "index-url = https://dan:hunter2@index.example/simple" in told and "cert = /run/secrets/ca" in told
    assert found["pip"].stat().st_mode & 0o077 == 0 and found["ca"] == certificates


def test_words_for_the_builder_that_cannot_be_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMONEL_BUILD_ARGS", '--isolation "chroot')
    with pytest.raises(Invalid, match="TIMONEL_BUILD_ARGS"):
        builders._extra()


def test_without_a_builder_it_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workloads.adapters.toolchain.program", lambda name: None)
    with pytest.raises(Invalid, match="no builder of images here") as caught:
        builders.find()
    assert "buildah" in caught.value.cure


def _silent() -> int:
    """A port that takes connections and never answers."""
    import socket

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    _KEPT.append(listener)
    return int(listener.getsockname()[1])


_KEPT: list[object] = []
