"""What mends which fault, as descriptions with the object they go to, each of a kind of repair where there is one.

`workloads.repairs` computes the repairs themselves; a remedy without a kind is for a person to carry out.
"""

from __future__ import annotations

from workloads.diagnosis.answers import Remedy

# fault -> (kind of repair, what to do, whether it can be undone); "{object}" is the object of the hypothesis. Kind NONE: by hand.
NONE = ""
_KNOWN: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "missing_service_account": (
        ("create_declared", "Create the ServiceAccount that {object} names", True),
        ("patch_template", "or let {object} name one that exists", True),
    ),
    "namespace_cpu_quota_exceeded": (("raise_quota", "Raise the CPU line of the quota of {object}, or lower requests", True),),
    "namespace_memory_quota_exceeded": (
        ("raise_quota", "Raise the memory line of the quota of {object}, or lower requests", True),
    ),
    "namespace_pod_quota_exceeded": (("raise_quota", "Raise the number of pods in the quota of {object}, or run fewer", True),),
    "namespace_service_quota_exceeded": (
        ("raise_quota", "Raise the number of Services in the quota of {object}", True),
        ("create_declared", "then create the Service that was refused", True),
    ),
    "namespace_storage_quota_exceeded": (("raise_quota", "Raise the storage line of the quota of {object}, or claim less", True),),
    "cpu_capacity_mismatch": (("set_resources", "Lower the CPU request of {object} to what a node can hold", True),),
    "memory_capacity_mismatch": (("set_resources", "Lower the memory request of {object} to what a node can hold", True),),
    "node_selector_mismatch": (("patch_scheduling", "Mend the nodeSelector of {object}, or label a node with it", True),),
    "node_affinity_mismatch": (("patch_scheduling", "Mend the node affinity of {object}, or label a node for it", True),),
    "pod_anti_affinity_conflict": (
        ("patch_scheduling", "Prefer instead of require the anti-affinity of {object}, or run fewer", True),
    ),
    "taint_toleration_mismatch": (("patch_scheduling", "Tolerate the taint in {object}, or remove the taint from a node", True),),
    "node_cordon_mismatch": (("uncordon", "Uncordon a node that {object} may run on", True),),
    "pv_binding_occupied": ((NONE, "Give {object} a volume of its own; the matching one belongs to another claim", True),),
    "pvc_selector_mismatch": (("patch_claim", "Let the claim's selector name labels that a volume has", True),),
    "pvc_storage_class_mismatch": (("patch_claim", "Let the claim name a storage class that exists and has volumes", True),),
    "pvc_capacity_mismatch": (("patch_claim", "Claim no more than the volume holds, or provide a larger one", True),),
    "pvc_access_mode_mismatch": (("patch_claim", "Claim an access mode that the volume offers", True),),
    "incorrect_image_reference": (
        ("set_image", "Set an image that exists in {object}", True),
        ("return_template", "or return {object} to its former pod template", True),
    ),
    "image_registry_dns_failure": (("set_image", "Name a registry in {object} whose host resolves", True),),
    "missing_image_pull_secret": (
        (NONE, "Create the pull secret with valid credentials", True),
        ("patch_template", "and name it under imagePullSecrets of {object}", True),
    ),
    "missing_secret_binding": (("create_declared", "Create the Secret or ConfigMap (or key) that {object} refers to", True),),
    "volume_mount_permission_denied": (
        ("patch_template", "Set fsGroup or the owner of the volume so that {object} may use it", True),
    ),
    "oom_killed": (("set_resources", "Raise the memory limit of {object}, or mend what it holds on to", True),),
    "deployment_zero_replicas": (("scale", "Scale {object} to what is declared", True),),
    "service_selector_mismatch": (("fix_service", "Let the selector of the Service name labels that pods of {object} have", True),),
    "service_port_mapping_mismatch": (("fix_service", "Let targetPort name a port that {object} listens on", True),),
    "service_protocol_mismatch": (("fix_service", "Let the Service use the protocol that {object} speaks", True),),
    "service_env_var_address_mismatch": (("set_variable", "Let the variable of {object} name an existing Service and port", True),),
    "gateway_misroute": (("patch_route", "Lead the route of {object} to its own Service", True),),
    "service_dns_resolution_failure": (("patch_template", "Mend dnsPolicy and dnsConfig of {object}", True),),
    "service_sidecar_port_conflict": (("patch_template", "Give the two containers of {object} different ports", True),),
    "db_connection_exhaustion": (
        (NONE, "Raise the connection limit of {object}, or pool and close connections in its clients", True),
    ),
    "db_read_only": ((NONE, "Make {object} writable again (read_only, failover, full disk)", True),),
    "pod_cpu_overload": (
        ("set_resources", "Raise the CPU limit of {object}", True),
        ("scale", "or run more of {object}", True),
    ),
    "pod_network_delay": (("restart", "Restart {object} elsewhere and look for traffic shaping in its network", False),),
    "kubelet_unavailable": (
        ("cordon", "Cordon {object} until its kubelet is back", True),
        (NONE, "Start the kubelet of {object}", True),
    ),
    "containerd_unavailable": (
        ("cordon", "Cordon {object} until its container runtime is back", True),
        (NONE, "Start the container runtime of {object}", True),
    ),
    "kube_proxy_unavailable": (
        ("cordon", "Cordon {object} until its kube-proxy is back", True),
        (NONE, "Start kube-proxy on {object}", True),
    ),
    "kube_scheduler_unavailable": ((NONE, "Start the scheduler on {object}", True),),
    "node_network_delay": (("cordon", "Cordon {object}, move what runs there, mend its network", True),),
    "node_network_packet_loss": (("cordon", "Cordon {object}, move what runs there, mend its network", True),),
    "pending_migrations": ((NONE, "Run the pending migrations of {object}", False),),
    "migration_failed": ((NONE, "Mend the migration of {object}; then run it again", True),),
    "migration_breaks_running_code": ((NONE, "Roll {object} out to the code that knows the new schema", True),),
    "missing_setting": (("set_variable", "Give {object} the setting it asks for", True),),
    "disallowed_host": (("set_variable", "Add the host to ALLOWED_HOSTS of {object}", True),),
    "static_files_missing": ((NONE, "Run collectstatic in the build of {object}", True),),
    "debug_in_production": (("set_variable", "Set DEBUG to false in {object}", True),),
    "secret_key_insecure": ((NONE, "Give {object} a long random SECRET_KEY; sessions end", False),),
    "database_connections_exhausted": ((NONE, "Pool connections, or lower CONN_MAX_AGE and workers of {object}", True),),
    "celery_queue_growing": (("scale", "Run more workers of {object}", True),),
    "celery_worker_down": (("restart", "Bring the workers of {object} back", True),),
    "beat_duplicated": (("scale", "Run exactly one beat of {object}", True),),
    "wsgi_worker_timeout": ((NONE, "Mend the slow request of {object}, or raise the worker timeout", True),),
}
_PROBES = ("port", "protocol", "timing", "path")
for _kind in ("liveness", "readiness"):
    for _what in _PROBES:
        _KNOWN[f"{_kind}_probe_incorrect_{_what}"] = (
            ("fix_probe", f"Set the {_what} of the {_kind} probe of {{object}} to what the program does", True),
        )
for _engine in ("mysql", "postgresql", "redis", "mongodb"):
    _KNOWN[f"{_engine}_invalid_credentials"] = (("set_variable", "Give {object} credentials that the database accepts", True),)
    _KNOWN[f"{_engine}_invalid_port"] = (("set_variable", "Give {object} the port that the database listens on", True),)


def remedies(fault: str, target: str) -> tuple[Remedy, ...]:
    """The remedies known for a fault, aimed at an object."""
    return tuple(
        Remedy(action, target, text.format(object=target.replace("{", "").replace("}", "")), (), undone)
        for action, text, undone in _KNOWN.get(fault, ())
    )
