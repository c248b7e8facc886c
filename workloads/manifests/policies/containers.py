"""What one container should have, after polaris and kube-linter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from workloads.manifests.policies.rule import RUNS_ONCE, Json, Rule, Subject, listed, mapping, rule, security, told

PRIVATE_KEY = re.compile(r"-BEGIN\s+.*PRIVATE KEY-", re.I)
SENSITIVE = re.compile(
    r"AWS_SECRET_ACCESS_KEY$|GOOGLE_APPLICATION_CREDENTIALS$|AZURE_.+KEY$|OCI_CLI_KEY_CONTENT$|.*(password|token|bearer|secret)",
    re.I,
)
PROBES = {"liveness-port": "livenessProbe", "readiness-port": "readinessProbe", "startup-port": "startupProbe"}
ENGINES = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/var/run/crio/crio.sock")


@rule(
    "polaris/notReadOnlyRootFilesystem",
    "kube-linter/no-read-only-root-fs",
    severity="low",
    cure="securityContext.readOnlyRootFilesystem: true.",
)
def read_only_root(subject: Subject) -> Iterator[str]:
    """What came with the image cannot be changed."""
    for one in subject.containers(starting=False):
        if security(one).get("readOnlyRootFilesystem") is not True:
            yield f"{told(one)} may change its own files"


@rule("polaris/tagNotSpecified", "kube-linter/latest-tag", severity="medium", cure="Name the image by digest, or by a version.")
def pinned_image(subject: Subject) -> Iterator[str]:
    """The image is the same tomorrow."""
    for one in subject.containers():
        image = str(one.get("image", ""))
        name = image.rpartition("/")[2]
        if "@sha256:" not in image and (":" not in name or name.endswith(":latest")):
            yield f"{told(one)} runs {image or 'no image'}, whatever that is today"


@rule("polaris/pullPolicyNotAlways", severity="low", cure="imagePullPolicy: Always, or the image by digest.")
def pulled_anew(subject: Subject) -> Iterator[str]:
    """An image by tag is asked for at each start; one by digest cannot have changed."""
    for one in subject.containers():
        if "@sha256:" not in str(one.get("image", "")) and one.get("imagePullPolicy") != "Always":
            yield f"{told(one)} may run an old image of the same tag"


@rule("polaris/readinessProbeMissing", "kube-linter/no-readiness-probe", severity="low", cure="Give it a readinessProbe.")
def readiness_probe(subject: Subject) -> Iterator[str]:
    """Nobody is sent to a process that is not ready."""
    if subject.kind not in RUNS_ONCE:
        for one in subject.containers(starting=False):
            if not one.get("readinessProbe"):
                yield f"{told(one)} has no readinessProbe"


@rule(
    "polaris/livenessProbeMissing",
    "kube-linter/no-liveness-probe",
    severity="low",
    cure="Give it a livenessProbe that asks the process only.",
)
def liveness_probe(subject: Subject) -> Iterator[str]:
    """A process that hangs is started again."""
    if subject.kind not in RUNS_ONCE:
        for one in subject.containers(starting=False):
            if not one.get("livenessProbe"):
                yield f"{told(one)} has no livenessProbe"


@rule(
    "kube-linter/liveness-port",
    "kube-linter/readiness-port",
    "kube-linter/startup-port",
    severity="high",
    cure="Ask a port that the container has.",
)
def probed_port(subject: Subject) -> Iterator[str]:
    """Probes ask a port that is there."""
    for one in subject.containers():
        ports = [mapping(port) for port in listed(one.get("ports"))]
        known = [port.get(field) for port in ports for field in ("name", "containerPort")]
        for name in PROBES.values():
            asked = _port(mapping(one.get(name)))
            if asked is not None and asked not in known:
                yield f"{told(one)}: {name} asks port {asked}, which it does not name"


@rule("polaris/cpuRequestsMissing", "kube-linter/unset-cpu-requirements", severity="low", cure="Request what it needs.")
def cpu_request(subject: Subject) -> Iterator[str]:
    """The scheduler knows how much CPU is needed."""
    for one in subject.containers():
        if not _resource(one, "requests", "cpu"):
            yield f"{told(one)} requests no CPU"


@rule(
    "polaris/memoryLimitsMissing", "polaris/memoryRequestsMissing", "kube-linter/unset-memory-requirements",
    severity="low", cure="Give requests and limits of memory, the same.",
)  # fmt: skip
def memory(subject: Subject) -> Iterator[str]:
    """Memory is requested, and has an end."""
    for one in subject.containers():
        for field in ("requests", "limits"):
            if not _resource(one, field, "memory"):
                yield f"{told(one)} has no memory in its {field}"


@rule("polaris/sensitiveContainerEnvVar", "kube-linter/env-var-secret", severity="high", cure="Keep it in a Secret.")
def secret_in_the_open(subject: Subject) -> Iterator[str]:
    """No secret stands in the pod's own description."""
    for one in subject.containers():
        for variable in map(mapping, listed(one.get("env"))):
            name, value = str(variable.get("name", "")), str(variable.get("value") or "")
            if value and (SENSITIVE.match(name) or PRIVATE_KEY.search(value)):
                yield f"{told(one)} is given {name} in the open"


@rule("kube-linter/duplicate-env-var", severity="low", cure="Say it once.")
def said_once(subject: Subject) -> Iterator[str]:
    """A variable has one value."""
    for one in subject.containers():
        counted = Counter(str(mapping(variable).get("name")) for variable in listed(one.get("env")))
        for name in sorted(name for name, times in counted.items() if times > 1):
            yield f"{told(one)} is given {name} twice"


@rule("kube-linter/ssh-port", severity="medium", cure="Use `kubectl exec`, where somebody may.")
def no_ssh(subject: Subject) -> Iterator[str]:
    """Nobody logs into a container by SSH."""
    for one in subject.containers():
        if any(mapping(port).get("containerPort") == 22 for port in listed(one.get("ports"))):
            yield f"{told(one)} listens on port 22"


@rule("kube-linter/docker-sock", severity="critical", cure="Leave it out.")
def no_engine_socket(subject: Subject) -> Iterator[str]:
    """The container engine's socket is root on its node."""
    for volume in map(mapping, listed(subject.pod.get("volumes"))):
        path = str(mapping(volume.get("hostPath")).get("path", ""))
        if path in ENGINES:
            yield f"volume {volume.get('name')} is {path}"


def _resource(container: Json, field: str, name: str) -> object:
    return mapping(mapping(container.get("resources")).get(field)).get(name)


def _port(probe: Json) -> object:
    for way in ("httpGet", "tcpSocket", "grpc"):
        if way in probe:
            return mapping(probe[way]).get("port")
    return None


RULES: tuple[Rule, ...] = (
    read_only_root, pinned_image, pulled_anew, readiness_probe, liveness_probe, probed_port, cpu_request, memory,
    secret_in_the_open, said_once, no_ssh, no_engine_socket,
)  # fmt: skip
