"""Which offers each fault has, best first. A fault that is not here cannot honestly be mended through the Kubernetes API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from controlplane.core.errors import TimonelError
from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.making import clean
from workloads.diagnosis.view.cluster import View
from workloads.repairs.kinds import read, wanted
from workloads.repairs.offering import (
    bindings,
    claims,
    databases,
    django,
    nodes,
    pods,
    probes,
    quotas,
    resources,
    routes,
    scheduling,
    services,
    startup,
    variables,
    workloads,
)
from workloads.repairs.offering.former import returning_by, returning_lately
from workloads.repairs.values import Repair

Offer = Callable[[View, Hypothesis], Iterator[Repair]]
MOST = 5
_IMAGE = (returning_by("image", "imagePullSecrets"), startup.images)
_VARIABLES = variables.returning_variables
_CLAIM = (claims.binding,)
_FACED = (returning_by("nodeSelector", "affinity", "tolerations", "nodeName"),)
_SCHEDULED = scheduling.as_before("nodeSelector", "nodeName", "affinity", "tolerations")

OFFERS: dict[str, tuple[Offer, ...]] = {
    "missing_service_account": (bindings.account, returning_by("serviceAccountName")),
    "cpu_capacity_mismatch": (returning_by("resources"), resources.lowered("cpu"), scheduling.uncordoned),
    "memory_capacity_mismatch": (returning_by("resources"), resources.lowered("memory"), scheduling.uncordoned),
    "node_selector_mismatch": (_SCHEDULED, scheduling.selector, scheduling.affinity, *_FACED),
    "node_affinity_mismatch": (_SCHEDULED, scheduling.affinity, scheduling.selector, *_FACED),
    "pod_anti_affinity_conflict": (_SCHEDULED, scheduling.anti_affinity, *_FACED),
    "taint_toleration_mismatch": (_SCHEDULED, scheduling.tolerations, *_FACED),
    "pod_affinity_conflict": (_SCHEDULED, scheduling.affine, *_FACED),
    "topology_spread_conflict": (
        scheduling.as_before("topologySpreadConstraints"),
        scheduling.spread,
        returning_by("topologySpreadConstraints"),
    ),
    "node_cordon_mismatch": (scheduling.uncordoned,),
    "pvc_selector_mismatch": _CLAIM,
    "pvc_storage_class_mismatch": _CLAIM,
    "pvc_capacity_mismatch": _CLAIM,
    "pvc_access_mode_mismatch": _CLAIM,
    "volume_provisioning_failed": _CLAIM,
    "pv_binding_occupied": (claims.freed, *_CLAIM),
    "missing_volume_claim": (bindings.missing_claim,),
    "incorrect_image_reference": _IMAGE,
    "image_registry_dns_failure": _IMAGE,
    "image_registry_unreachable": _IMAGE,
    "missing_image_pull_secret": (returning_by("image", "imagePullSecrets"), startup.pull_secrets, startup.images),
    "missing_secret_binding": (bindings.bindings, returning_by("envFrom", "valueFrom", "volumes")),
    "volume_mount_permission_denied": (returning_by("securityContext", "volumes", "volumeMounts"), startup.owned),
    "run_as_root_refused": (returning_by("securityContext", "image"),),
    "container_command_not_found": (returning_by("command", "args", "image"),),
    "oom_killed": (returning_by("limits"), resources.memory),
    "deployment_zero_replicas": (workloads.scaled_up,),
    "service_sidecar_port_conflict": (returning_by("containers", "containerPort", "env", "args", "ports"), pods.apart),
    "crash_loop": (claims.expanded, returning_lately),
    "service_selector_mismatch": (services.selecting,),
    "service_port_mapping_mismatch": (services.leading,),
    "service_protocol_mismatch": (services.speaking,),
    "service_missing": (bindings.missing_service,),
    "service_env_var_address_mismatch": (_VARIABLES, variables.database_port),
    "gateway_misroute": (routes.routed,),
    "service_dns_resolution_failure": (returning_by("dnsPolicy", "dnsConfig"), pods.resolving),
    "db_read_only": (claims.expanded,),
    "pod_cpu_overload": (returning_by("limits"), resources.processor),
    "pod_network_delay": (pods.restarted,),
    "kubelet_unavailable": (nodes.cordoned, pods.stuck),
    "containerd_unavailable": (nodes.cordoned,),
    "kube_proxy_unavailable": (nodes.cordoned,),
    "node_network_delay": (nodes.cordoned,),
    "node_network_packet_loss": (nodes.cordoned,),
    "node_not_ready": (nodes.cordoned, pods.stuck),
    "missing_setting": (_VARIABLES, django.lost_setting),
    "disallowed_host": (_VARIABLES, variables.as_before, django.host),
    "debug_in_production": (variables.literal({"DEBUG": "false"}),),
    "celery_queue_growing": (django.more_workers,),
    "celery_worker_down": (returning_by("command", "args", "env", "image"), django.missing_workers),
    "beat_duplicated": (django.one_beat,),
    "db_connection_exhaustion": (databases.more_connections,),
    "migration_failed": (returning_lately,),
    "pending_migrations": (returning_lately,),
    "static_files_missing": (returning_lately,),
    "pod_security_violation": (returning_lately,),
    "limit_range_violation": (returning_by("resources"),),
    "quota_requires_resources": (returning_by("resources"),),
    "wsgi_worker_timeout": (returning_by("command", "args", "env", "resources"),),
}
for _line in ("cpu", "memory", "pod", "service", "storage", "object"):
    OFFERS[f"namespace_{_line}_quota_exceeded"] = (quotas.raised,)
for _probe in ("liveness", "readiness"):
    for _what in ("port", "protocol", "path", "timing"):
        OFFERS[f"{_probe}_probe_incorrect_{_what}"] = (returning_by(f"{_probe}Probe"), probes.mended(_what))
for _engine in ("mysql", "postgresql", "redis", "mongodb"):
    OFFERS[f"{_engine}_invalid_credentials"] = (_VARIABLES, variables.as_before)
    OFFERS[f"{_engine}_invalid_port"] = (_VARIABLES, variables.database_port)


def offers(view: View, hypothesis: Hypothesis) -> tuple[Repair, ...]:
    """What mends it, best first, with parameters computed from the evidence; nothing where the evidence does not say."""
    found: list[Repair] = []
    for offer in OFFERS.get(hypothesis.fault, ()):
        for each in offer(view, hypothesis):
            known = any((each.kind, each.ref, each.parameters) == (one.kind, one.ref, one.parameters) for one in found)
            if not known and _can_be_made(view, each):
                found.append(replace(each, summary=clean(each.summary)))
    return tuple(found[:MOST])


def _can_be_made(view: View, repair: Repair) -> bool:
    """Whether it fits the very object that is in evidence: what is refused there is refused in the cluster too."""
    live = view.named(repair.ref.kind, repair.ref.namespace, repair.ref.name)
    try:
        made = wanted(read(repair.as_json()), dict(live) if live else None)
    except TimonelError:
        return False
    return made is None or made != dict(live)
