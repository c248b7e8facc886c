"""Building and pushing images by whichever builder is here: buildah, podman or docker. Argument vectors, never a shell."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from controlplane.core.errors import Invalid
from controlplane.core.redaction import redact
from workloads.adapters import children, toolchain
from workloads.adapters.children import Completed, Limits

Name = Literal["buildah", "podman", "docker"]
NAMES: tuple[Name, ...] = ("buildah", "podman", "docker")
ARGUMENTS = "TIMONEL_BUILD_ARGS"  # more words for the build command: "--isolation chroot --network host"
LIMITS = Limits(
    cpu_seconds=7200, memory_bytes=12 * 1024**3, file_bytes=32 * 1024**3, processes=4096, open_files=65_536, seconds=1800
)
PROBE = Limits(seconds=15)
DIGEST = re.compile(r"\bsha256:[0-9a-f]{64}\b")
HUB_KEY = "https://index.docker.io/v1/"
# Of our own environment: where a builder keeps its things, and how it reaches its engine. No credentials among them.
PASSED_ON = (
    "HOME", "USER", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
    "CONTAINER_HOST", "STORAGE_DRIVER", "STORAGE_OPTS", "CONTAINERS_CONF", "CONTAINERS_REGISTRIES_CONF", "CONTAINERS_STORAGE_CONF",
    "BUILDAH_ISOLATION", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")  # arguments that every builder knows


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in at a registry; never shown."""

    registry: str
    user: str = ""
    password: str = field(default="", repr=False)
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What to build: a folder with its Dockerfile, the name it gets, labels; `secrets`: files by id that single steps see."""

    context: Path
    dockerfile: Path
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    insecure_base: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What a program is run with: where its lines go, whether it is still wanted, how many seconds it has."""

    line: Callable[[str], None]
    cancelled: Callable[[], bool]
    seconds: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Builder:
    """One builder of this machine."""

    name: Name
    path: Path

    def build(self, order: Order, logins: Sequence[Login], around: Around) -> Completed:
        """Build the image into the builder's own store, under `order.name`."""
        verb = ["build", "--layers", "--force-rm"] if self.name == "buildah" else ["build"]
        words = [*verb, "--file", str(order.dockerfile), "--tag", order.name, *_extra()]
        for name, value in sorted(order.labels.items()):
            words += ["--label", f"{name}={value}"]
        for name in PROXIES:
            words += ["--build-arg", f"{name}={os.environ[name]}"] if name in os.environ else []
        for name, path in sorted(order.secrets.items()):
            words += ["--secret", f"id={name},src={path}"]
        words += ["--tls-verify=false"] if order.insecure_base and self.name != "docker" else []
        with _signed_in(logins) as folder:
            return self._run([*words, str(order.context)], folder, around)

    def push(self, name: str, login: Login, around: Around) -> tuple[Completed, str]:
        """Push it; what the builder said, and the digest that the registry knows it by (empty where it failed)."""
        with _signed_in([login]) as folder:
            if self.name == "docker":
                done = self._run(["push", name], folder, around)
                found = DIGEST.findall(done.output)
                return done, found[-1] if done.ok and found else ""
            kept = folder / "digest"
            words = ["push", "--digestfile", str(kept), *(["--tls-verify=false"] if login.insecure else []), name]
            done = self._run(words if self.name == "podman" else [*words, f"docker://{name}"], folder, around)
            return done, kept.read_text().strip() if done.ok and kept.is_file() else ""

    def _run(self, words: Sequence[str], folder: Path, around: Around) -> Completed:
        sign_in = {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": str(folder / "config.json"), "DOCKER_BUILDKIT": "1"}
        return children.run(
            [str(self.path), *words],
            cwd=folder,
            environment=children.clean_environment(**_passed_on(), **sign_in),
            limits=replace(LIMITS, seconds=max(1.0, min(LIMITS.seconds, around.seconds()))),
            on_line=lambda line: around.line(redact(line)),
            cancelled=around.cancelled,
        )


def find() -> Builder:
    """The builder to use: the first of buildah, podman and docker that answers. Raises Invalid where there is none."""
    for name in NAMES:
        path = toolchain.program(name)
        if path is not None and (name != "docker" or _has_engine(path)):
            return Builder(name, path)
    raise Invalid(
        "There is no builder of images here: neither buildah nor podman, nor a docker that reaches its engine.",
        cure="Install buildah (Debian: `apt-get install buildah`), or have CI build the image and name it: "
        "`--image REGISTRY/NAME@sha256:...`.",
    )


def index_secrets(folder: Path) -> dict[str, Path]:
    """Files that tell a build how this machine reaches the package indexes, by the ids that our Dockerfiles mount."""
    own = toolchain.index_environment()
    certificates = own.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE") or os.environ.get("NODE_EXTRA_CA_CERTS") or ""
    found = {"ca": Path(certificates)} if certificates and Path(certificates).is_file() else {}
    lines = {
        "index-url": own.get("PIP_INDEX_URL") or own.get("UV_DEFAULT_INDEX") or own.get("UV_INDEX_URL", ""),
        "extra-index-url": own.get("PIP_EXTRA_INDEX_URL") or own.get("UV_EXTRA_INDEX_URL", ""),
        "cert": "/run/secrets/ca" if found else "",
    }
    told = [f"{name} = {value}" for name, value in lines.items() if value]
    if told:
        found["pip"] = _private(folder / "pip.conf", "\n".join(["[global]", *told, ""]))
    node = [f"registry={own['npm_config_registry']}"] if "npm_config_registry" in own else []
    node += ["cafile=/run/secrets/ca"] if "ca" in found else []
    if node:
        found["npm"] = _private(folder / "npmrc", "\n".join([*node, ""]))
    return found


def _extra() -> list[str]:
    try:
        return shlex.split(os.environ.get(ARGUMENTS, ""))
    except ValueError as error:
        raise Invalid(f"{ARGUMENTS} cannot be read: {error}.", cure="Quote it as a shell would have it.") from error


@contextmanager
def _signed_in(logins: Sequence[Login]) -> Iterator[Path]:
    """A private folder with the credentials in the form that every builder reads; gone afterwards."""
    accounts = {}
    for login in logins:
        if login.user:
            key = HUB_KEY if login.registry == "docker.io" else login.registry
            accounts[key] = {"auth": base64.b64encode(f"{login.user}:{login.password}".encode()).decode()}
    with tempfile.TemporaryDirectory(prefix="timonel-registry-") as name:
        _private(Path(name) / "config.json", json.dumps({"auths": accounts}))
        yield Path(name)


def _private(path: Path, content: str) -> Path:
    """A file that only we may read."""
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
    return path


def _passed_on() -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def _has_engine(path: Path) -> bool:
    """Whether docker is more than a client without its engine."""
    with tempfile.TemporaryDirectory() as folder:
        environment = children.clean_environment(**_passed_on())
        words = [str(path), "version", "--format", "{{.Server.Version}}"]
        return children.run(words, cwd=Path(folder), environment=environment, limits=PROBE).ok
