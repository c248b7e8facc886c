"""Startup: a pod has its node and its containers do not start. Rests on reasons of the kubelet and messages of the runtime."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis, Proof
from workloads.diagnosis.rules.making import heard, logged, seen, suppose
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.events import Event
from workloads.diagnosis.view.logs import Signature
from workloads.diagnosis.view.pods import Container, Pod
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import dig, rows, table, word

PULLING = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
# What registries and resolvers say, the most telling first (containerd, CRI-O and dockershim word them alike).
_PULL = (
    (
        "image_registry_dns_failure",
        re.compile(
            r"no such host|name resolution|server misbehaving|lookup [^\s:]{1,253}(?: on \S{1,60})?: .{0,60}(?:timeout|refused)",
            re.I,
        ),
    ),
    (
        "missing_image_pull_secret",
        re.compile(
            r"failed to authorize|anonymous token|401 unauthorized|unauthorized:|authentication required|no basic auth credentials"
            r"|insufficient_scope|authorization failed|incorrect username or password|denied: requested access",
            re.I,
        ),
    ),
    (
        "incorrect_image_reference",
        re.compile(
            r"not found|notfound|manifest unknown|name unknown|repository does not exist|403 forbidden|invalid reference format"
            r"|could(?:n't| not) parse (?:image )?reference|no match for platform|InvalidImageName|manifest for .{1,300} not|404",
            re.I,
        ),
    ),
    ("image_registry_rate_limited", re.compile(r"toomanyrequests|429|rate limit", re.I)),
    (
        "image_registry_unreachable",
        re.compile(r"i/o timeout|connection refused|connection reset|TLS handshake|deadline exceeded|x509|EOF", re.I),
    ),
)
_PULL_TOLD = re.compile(r"failed to|not found|denied|unauthorized|invalid|no such host|pull access|couldn't parse", re.I)
_ABSENT = re.compile(
    r"(?P<kind>secrets?|configmaps?) \"(?P<name>[^\"]{1,253})\" not found"
    r"|(?:couldn't|could not) find key (?P<key>\S{1,253}) in (?:Secret|ConfigMap) \S{1,500}"
    r"|references non-existent (?:secret|config) key: ?\S{1,253}",
    re.I,
)
_DENIED = Signature(
    re.compile(
        r"permission denied|EACCES|operation not permitted|read-only file system|EROFS|not writable"
        r"|cannot create directory|Can't open the append-only",
        re.I,
    ),
    ("denied", "eacces", "not permitted", "read-only", "erofs", "not writable", "cannot create", "append-only"),
)


def starting(view: View) -> Iterator[tuple[Workload, Pod, Container]]:
    """Containers that wait to be started, of pods something is expected of."""
    for workload in view.workloads:
        for pod in workload.pods:
            if pod.over:
                continue
            for container in pod.containers:
                if container.waiting:
                    yield workload, pod, container


def images(view: View) -> Iterator[Hypothesis]:
    """An image cannot be pulled now: why, as the runtime says it."""
    done: set[tuple[str, str]] = set()
    for workload, pod, container in starting(view):
        if container.waiting not in PULLING or (workload.namespace, workload.name) in done:
            continue
        done.add((workload.namespace, workload.name))
        told = [
            event
            for event in view.events_of_pod(pod)
            if "pull" in event.message.lower() and event.reason in ("Failed", "InspectFailed")
        ]
        text = " ".join([container.waiting, container.waiting_message, *(event.message for event in told[:4])])
        fault = _pull_fault(workload, view, text)
        image = word(container.spec, "image")
        yield suppose(
            fault,
            workload.app,
            workload.namespace,
            0.96 if _PULL_TOLD.search(text) else 0.45,
            f"{workload.name} cannot pull {image}.",
            [
                seen(f"pod/{pod.name}", f"{container.name} waits: {container.waiting}; image {image}"),
                *map(heard, _reasons_of(told)),
            ],
            explains=[workload.app],
        )


def _reasons_of(told: list[Event]) -> list[Event]:
    return [event for event in told if len(event.message) > 40][:2] or told[:2]


def _pull_fault(workload: Workload, view: View, text: str) -> str:
    bare = re.sub(r'(?:image|reference) "[^"]{0,500}"', "image", text)
    for fault, pattern in _PULL:
        if pattern.search(bare):
            secrets = [word(each, "name") for each in rows(workload.spec, "imagePullSecrets")]
            lost = view.kind("Secret") and any(not view.named("Secret", workload.namespace, name) for name in secrets)
            denied = "denied" in bare or "forbidden" in bare.lower()
            return "missing_image_pull_secret" if fault == "incorrect_image_reference" and denied and lost else fault
    return "missing_image_pull_secret" if "pull access denied" in bare else "incorrect_image_reference"


def bindings(view: View) -> Iterator[Hypothesis]:
    """A Secret, ConfigMap or key that a pod refers to is absent (CreateContainerConfigError, FailedMount)."""
    done: set[tuple[str, str]] = set()
    for workload, pod, container in starting(view):
        if (workload.namespace, workload.name) in done or container.waiting in PULLING or container.waiting == "CrashLoopBackOff":
            continue
        told = [event for event in view.events_of_pod(pod) if event.warning and _ABSENT.search(event.message)]
        match = _ABSENT.search(container.waiting_message) or (_ABSENT.search(told[0].message) if told else None)
        if not match or _there(view, workload, match):
            continue
        done.add((workload.namespace, workload.name))
        yield suppose(
            "missing_secret_binding",
            workload.app,
            workload.namespace,
            0.96,
            f"{workload.name} refers to {match[0]}.",
            [
                seen(f"pod/{pod.name}", f"{container.name} waits: {container.waiting} {container.waiting_message}"),
                *map(heard, told[:2]),
            ],
            explains=[workload.app],
        )


def absent_sources(view: View) -> Iterator[Hypothesis]:
    """A container that waits refers to a Secret or ConfigMap that is not among those that were collected (core/v1 references)."""
    for workload, pod, container in starting(view):
        if container.waiting not in ("CreateContainerConfigError", "ContainerCreating", "PodInitializing"):
            continue
        lost = [
            f"{kind} {name}"
            for kind, name in _sources(workload)
            if view.kind(kind) and not view.named(kind, workload.namespace, name)
        ]
        if lost:
            proof = seen(
                f"pod/{pod.name}", f"{container.name} waits: {container.waiting}; refers to {', '.join(lost[:3])}: not there"
            )
            sure = 0.85 if container.waiting == "CreateContainerConfigError" else 0.7
            yield suppose(
                "missing_secret_binding",
                workload.app,
                workload.namespace,
                sure,
                f"{workload.name} refers to what is not there.",
                [proof],
                explains=[workload.app],
            )


def _sources(workload: Workload) -> Iterator[tuple[str, str]]:
    """Kind and name of everything its containers need to start; optional ones left out."""
    for each in (*rows(workload.spec, "containers"), *rows(workload.spec, "initContainers")):
        found = [table(source, kind) for source in rows(each, "envFrom") for kind in ("secretRef", "configMapRef")]
        found += [
            table(variable, "valueFrom", kind) for variable in rows(each, "env") for kind in ("secretKeyRef", "configMapKeyRef")
        ]
        kinds = ["Secret", "ConfigMap"] * (len(found) // 2)
        yield from (
            (kind, word(one, "name")) for kind, one in zip(kinds, found, strict=True) if one and dig(one, "optional") is not True
        )
    for volume in rows(workload.spec, "volumes"):
        for kind, name, source in (("Secret", "secretName", "secret"), ("ConfigMap", "name", "configMap")):
            if word(volume, source, name) and dig(volume, source, "optional") is not True:
                yield kind, word(volume, source, name)


def _there(view: View, workload: Workload, match: re.Match[str]) -> bool:
    """Whether what was missing is there by now: then the message is history."""
    if not match["name"]:
        return False
    kind = "Secret" if match["kind"].lower().startswith("secret") else "ConfigMap"
    return bool(view.kind(kind)) and bool(view.named(kind, workload.namespace, match["name"]))


def mount_denied(view: View) -> Iterator[Hypothesis]:
    """A container may not use a path of a volume it mounts: its log says so now, or the kubelet's events about it do."""
    for workload in view.workloads:
        for pod in workload.standing_pods:
            proof = _refused_mount(view, workload, pod) or _denied(view, workload, pod)
            if proof:
                yield suppose(
                    "volume_mount_permission_denied",
                    workload.app,
                    workload.namespace,
                    0.92 if workload.troubled else 0.8,
                    f"{workload.name} may not use a volume it mounts.",
                    [proof, *_ids(workload)],
                    explains=[workload.app],
                )
                break


def _refused_mount(view: View, workload: Workload, pod: Pod) -> Proof | None:
    """The kubelet or the runtime was refused while it set up the volume of a pod that is not ready."""
    for event in view.events_of_pod(pod) if not pod.ready else ():
        about_mounts = event.reason in ("FailedMount", "FailedAttachVolume") or "mount" in event.message.lower()
        if event.warning and about_mounts and _DENIED.pattern.search(event.message):
            return heard(event)
    return None


def _denied(view: View, workload: Workload, pod: Pod) -> Proof | None:
    """A line about a mounted path: of a failing container any, of one that runs only one of the last minutes."""
    failing = {each.name for each in pod.containers if not each.ready and (each.restarts or each.waiting or each.ended)}
    for log in view.logs_of_pod(pod):
        paths = _paths(workload, log.source.container)
        for line in log.matching(_DENIED, most=10) if paths else ():
            current = log.source.container in failing or (not log.source.previous and line.within(180))
            if current and (_OWN_STORE.search(line.text) or any(_holds(line.text, path) for path in paths)):
                return logged(line)
    return None


_OWN_STORE = re.compile(r"append-?only|RDB file|\bMISCONF\b|could not (?:open|create|write).{0,200}permission denied", re.I)


def _holds(text: str, path: str) -> bool:
    """Whether a line names the path as one: at its begin and end, no part of another."""
    return bool(re.search(rf"(?<![\w/.-]){re.escape(path)}(?![\w-])", text))


def _paths(workload: Workload, container: str) -> list[str]:
    """Where the container mounts volumes that may be written to."""
    projected = {
        word(each, "name")
        for each in rows(workload.spec, "volumes")
        if any(kind in each for kind in ("projected", "secret", "configMap"))
    }
    return [
        word(mount, "mountPath").rstrip("/")
        for each in workload.containers
        if each.name == container
        for mount in rows(each.spec, "volumeMounts")
        if word(mount, "name") not in projected and len(word(mount, "mountPath")) > 1
    ]


def _ids(workload: Workload) -> list[Proof]:
    context = table(workload.spec, "securityContext")
    told = {key: dig(context, key) for key in ("runAsUser", "runAsGroup", "fsGroup") if key in context}
    return [seen(workload.path, f"securityContext: {told}")] if told else []


_NOT_ROOT = re.compile(r"runAsNonRoot and image will run as root|has runAsNonRoot and image has non-numeric user")
_NO_PROGRAM = re.compile(
    r"executable file not found|exec format error|no such file or directory.{0,40}unknown|StartError|not a directory", re.I
)


def unrunnable(view: View) -> Iterator[Hypothesis]:
    """The runtime cannot start the container: it must not be root, or its command is not in the image."""
    for workload, pod, container in starting(view):
        told = [event for event in view.events_of_pod(pod) if event.warning and event.reason in ("Failed", "BackOff")]
        texts = [container.waiting_message, word(container.ended, "message"), *(event.message for event in told[:3])]
        for fault, pattern in (("run_as_root_refused", _NOT_ROOT), ("container_command_not_found", _NO_PROGRAM)):
            found = next((text for text in texts if pattern.search(text)), "")
            if found and container.waiting not in PULLING:
                proof = seen(f"pod/{pod.name}", f"{container.name}: {found}")
                yield suppose(
                    fault,
                    workload.app,
                    workload.namespace,
                    0.9,
                    f"{workload.name} cannot be started.",
                    [proof, *map(heard, told[:1])],
                    explains=[workload.app],
                )


RULES = (images, bindings, absent_sources, mount_denied, unrunnable)
