"""The Pod Security Standards, baseline and restricted, by the ids of their reference implementation.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from workloads.manifests.policies.rule import Json, Rule, Subject, listed, mapping, rule, security, told, words

BASELINE_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
    "SETUID", "SYS_CHROOT",
})  # fmt: skip
SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
})  # fmt: skip
SELINUX = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
})  # fmt: skip
# Tuples: they are asked about values of any shape.
APPARMOR = ("RuntimeDefault", "Localhost", None)
SECCOMP = ("RuntimeDefault", "Localhost")


@rule("pod-security/hostNamespaces", "polaris/hostNetworkSet", "kube-linter/host-network", severity="high", cure="Leave it out.")
def host_namespaces(subject: Subject) -> Iterator[str]:
    """Baseline: the node's own network, processes and memory are not shared."""
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if subject.pod.get(name) is True:
            yield f"{name} is true"


@rule(
    "pod-security/privileged",
    "polaris/runAsPrivileged",
    "kube-linter/privileged-container",
    severity="critical",
    cure="Set it to false.",
)
def privileged(subject: Subject) -> Iterator[str]:
    """Baseline: a privileged container is root on its node."""
    for one in subject.containers():
        if security(one).get("privileged") is True:
            yield f"{told(one)} is privileged"


@rule(
    "pod-security/capabilities_baseline",
    "polaris/dangerousCapabilities",
    severity="high",
    cure="Add none, or only NET_BIND_SERVICE.",
)
def capabilities_baseline(subject: Subject) -> Iterator[str]:
    """Baseline: no capabilities beyond those a runtime gives."""
    for one in subject.containers():
        added = words(mapping(security(one).get("capabilities")).get("add"))
        for name in sorted(map(str, added - BASELINE_CAPABILITIES)):
            yield f"{told(one)} adds {name}"


@rule(
    "pod-security/hostPathVolumes",
    "polaris/hostPathSet",
    "kube-linter/sensitive-host-mounts",
    severity="high",
    cure="Use a claim or an emptyDir.",
)
def host_path_volumes(subject: Subject) -> Iterator[str]:
    """Baseline: no folders of the node."""
    for volume in _volumes(subject):
        if "hostPath" in volume:
            yield f"volume {volume.get('name')} is {mapping(volume['hostPath']).get('path')} of the node"


@rule("pod-security/hostPorts", "polaris/hostPortSet", severity="medium", cure="Use a Service.")
def host_ports(subject: Subject) -> Iterator[str]:
    """Baseline: no ports of the node."""
    for one in subject.containers():
        for port in listed(one.get("ports")):
            if mapping(port).get("hostPort"):
                yield f"{told(one)} takes port {mapping(port)['hostPort']} of the node"


@rule("pod-security/hostProbesAndHostLifecycle", severity="medium", cure="Leave `host` out: the pod's own address is meant.")
def host_probes(subject: Subject) -> Iterator[str]:
    """Baseline: probes and hooks ask the pod and nobody else."""
    for one in subject.containers():
        hooks = mapping(one.get("lifecycle"))
        asked = [*(one.get(name) for name in ("startupProbe", "readinessProbe", "livenessProbe")), *hooks.values()]
        for probe in map(mapping, asked):
            for way in ("httpGet", "tcpSocket"):
                if mapping(probe.get(way)).get("host"):
                    yield f"{told(one)} asks {mapping(probe[way])['host']}"


@rule("pod-security/appArmorProfile", severity="medium", cure="Leave it out, or RuntimeDefault.")
def app_armor_profile(subject: Subject) -> Iterator[str]:
    """Baseline: AppArmor is not switched off."""
    for where, context in _contexts(subject):
        kind = mapping(context.get("appArmorProfile")).get("type")
        if kind not in APPARMOR:
            yield f"{where} has AppArmor {kind}"


@rule("pod-security/seLinuxOptions", severity="medium", cure="Leave user, role and type out.")
def se_linux_options(subject: Subject) -> Iterator[str]:
    """Baseline: no SELinux user, role or unusual type."""
    for where, context in _contexts(subject):
        options = mapping(context.get("seLinuxOptions"))
        if options.get("user") or options.get("role") or options.get("type", "") not in SELINUX:
            yield f"{where} sets SELinux options"


@rule("pod-security/procMount", "polaris/procMount", "kube-linter/unsafe-proc-mount", severity="medium", cure="Leave it out.")
def proc_mount(subject: Subject) -> Iterator[str]:
    """Baseline: /proc as the runtime masks it."""
    for one in subject.containers():
        if security(one).get("procMount") not in (None, "Default"):
            yield f"{told(one)} unmasks /proc"


@rule("pod-security/seccompProfile_baseline", severity="medium", cure="RuntimeDefault.")
def seccomp_profile_baseline(subject: Subject) -> Iterator[str]:
    """Baseline: the filter of system calls is not switched off."""
    for where, context in _contexts(subject):
        if mapping(context.get("seccompProfile")).get("type") == "Unconfined":
            yield f"{where} switches seccomp off"


@rule("pod-security/sysctls", "kube-linter/unsafe-sysctls", severity="medium", cure="Leave it out.")
def sysctls(subject: Subject) -> Iterator[str]:
    """Baseline: only kernel settings that are the pod's own."""
    for one in listed(mapping(subject.pod.get("securityContext")).get("sysctls")):
        if str(mapping(one).get("name")) not in SYSCTLS:
            yield f"the pod sets {mapping(one).get('name')}"


@rule("pod-security/windowsHostProcess", "polaris/hostProcess", severity="high", cure="Leave it out.")
def windows_host_process(subject: Subject) -> Iterator[str]:
    """Baseline: no processes of a Windows node."""
    for where, context in _contexts(subject):
        if mapping(context.get("windowsOptions")).get("hostProcess") is True:
            yield f"{where} is a process of the node"


@rule("pod-security/restrictedVolumes", severity="medium", cure="Use a claim, an emptyDir or another kind the standard allows.")
def restricted_volumes(subject: Subject) -> Iterator[str]:
    """Restricted: volumes of the kinds that are safe."""
    for volume in _volumes(subject):
        for kind in sorted(set(volume) - VOLUMES - {"name", "hostPath"}):
            yield f"volume {volume.get('name')} is a {kind}"


@rule(
    "pod-security/allowPrivilegeEscalation", "polaris/privilegeEscalationAllowed", "kube-linter/privilege-escalation-container",
    severity="medium", cure="securityContext.allowPrivilegeEscalation: false.",
)  # fmt: skip
def allow_privilege_escalation(subject: Subject) -> Iterator[str]:
    """Restricted: nobody gains rights by a program's setuid bit."""
    for one in subject.containers():
        if security(one).get("allowPrivilegeEscalation") is not False:
            yield f"{told(one)} may gain privileges"


@rule(
    "pod-security/runAsNonRoot", "polaris/runAsRootAllowed", "kube-linter/run-as-non-root",
    severity="high", cure="securityContext.runAsNonRoot: true, and an image whose user is a number.",
)  # fmt: skip
def run_as_non_root(subject: Subject) -> Iterator[str]:
    """Restricted: root is ruled out."""
    of_pod = mapping(subject.pod.get("securityContext")).get("runAsNonRoot")
    for one in subject.containers():
        chosen = security(one).get("runAsNonRoot", of_pod)
        if chosen is not True:
            yield f"{told(one)} may run as root"


@rule("pod-security/runAsUser", severity="high", cure="A user that is not 0.")
def run_as_user(subject: Subject) -> Iterator[str]:
    """Restricted: root is not chosen."""
    for where, context in _contexts(subject):
        if context.get("runAsUser") == 0 and context.get("runAsUser") is not False:
            yield f"{where} runs as root"


@rule(
    "pod-security/seccompProfile_restricted",
    "polaris/linuxHardening",
    severity="medium",
    cure="securityContext.seccompProfile.type: RuntimeDefault.",
)
def seccomp_profile_restricted(subject: Subject) -> Iterator[str]:
    """Restricted: a filter of system calls is chosen."""
    of_pod = mapping(mapping(subject.pod.get("securityContext")).get("seccompProfile")).get("type")
    for one in subject.containers():
        if mapping(security(one).get("seccompProfile")).get("type", of_pod) not in SECCOMP:
            yield f"{told(one)} has no seccomp profile"


@rule(
    "pod-security/capabilities_restricted", "polaris/insecureCapabilities", "kube-linter/drop-net-raw-capability",
    severity="medium", cure="securityContext.capabilities.drop: [ALL].",
)  # fmt: skip
def capabilities_restricted(subject: Subject) -> Iterator[str]:
    """Restricted: every capability is dropped; NET_BIND_SERVICE may be added."""
    for one in subject.containers():
        capabilities = mapping(security(one).get("capabilities"))
        if "ALL" not in {str(name).upper() for name in listed(capabilities.get("drop"))}:
            yield f"{told(one)} keeps capabilities"
        for name in sorted(map(str, (words(capabilities.get("add")) & BASELINE_CAPABILITIES) - {"NET_BIND_SERVICE"})):
            yield f"{told(one)} adds {name}"


def _contexts(subject: Subject) -> Iterator[tuple[str, Json]]:
    """The pod's security context and each container's, with what to call it."""
    yield "the pod", mapping(subject.pod.get("securityContext"))
    for one in subject.containers():
        yield told(one), security(one)


def _volumes(subject: Subject) -> Iterator[Json]:
    yield from map(mapping, listed(subject.pod.get("volumes")))


RULES: tuple[Rule, ...] = (
    host_namespaces, privileged, capabilities_baseline, host_path_volumes, host_ports, host_probes, app_armor_profile,
    se_linux_options, proc_mount, seccomp_profile_baseline, sysctls, windows_host_process, restricted_volumes,
    allow_privilege_escalation, run_as_non_root, run_as_user, seccomp_profile_restricted, capabilities_restricted,
)  # fmt: skip
