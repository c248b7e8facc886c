"""A registry of images for these tests: the one that TIMONEL_TEST_REGISTRY names, or an empty one that is started here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from workloads.adapters import toolchain

CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
log: {{level: error}}
"""
NO_BUILDER = "no builder of images: install buildah"
NO_REGISTRY = "no registry: install docker-registry (Debian), or set TIMONEL_TEST_REGISTRY"
NO_BASE = "no registry with base images: set TIMONEL_TEST_REGISTRY to one that holds library/python:3.11-slim"


@pytest.fixture(scope="session")
def registry_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry that speaks plain http and lets everybody push."""
    if host := os.environ.get("TIMONEL_TEST_REGISTRY"):
        yield host
        return
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip(NO_REGISTRY)
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config.yml").write_text(CONFIG.format(folder=folder / "data", port=port))
    process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/v2/")
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def buildah(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Buildah as it works inside of a container too, with a store of its own."""
    if toolchain.program("buildah") is None:
        pytest.skip(NO_BUILDER)
    monkeypatch.setenv("TIMONEL_BUILD_ARGS", os.environ.get("TIMONEL_BUILD_ARGS", "--isolation chroot --network host"))


@pytest.fixture
def base_registry() -> str:
    """A registry that has base images."""
    host = os.environ.get("TIMONEL_TEST_REGISTRY", "")
    if not host:
        pytest.skip(NO_BASE)
    return host


def _wait(url: str) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            assert time.monotonic() < end, "the registry does not start"
            time.sleep(0.05)
