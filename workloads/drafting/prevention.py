"""What to change so that a fault does not happen again, by its family. Advice for the people who write the post-mortem (ours)."""

from __future__ import annotations

BY_HAND = "Find out who writes to this namespace past Timonel, and give them a Change instead: drift is found, but only afterwards."
_ADVICE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("service_", "gateway_"),
        (
            "Keep Services, routes and workloads in one manifest, with one set of labels and named ports that both refer to.",
            BY_HAND,
        ),
    ),
    (
        ("namespace_",),
        ("Alert at 80 % of each line of the quota, so that it is raised before something is refused.",),
    ),
    (
        ("cpu_capacity", "memory_capacity", "node_", "taint_", "pod_anti_affinity"),
        ("Let the release's check compare requests and placement with the nodes there are, before it is rolled out.",),
    ),
    (("pv_", "pvc_"), ("Provision volumes by a storage class instead of by hand, and test the claim in staging.",)),
    (
        ("incorrect_image", "image_registry", "missing_image_pull"),
        ("Name images by digest, built and pulled once before the rollout; watch the age of the registry's credentials.",),
    ),
    (
        ("missing_secret", "missing_service_account", "missing_setting", "disallowed_host", "debug_in", "secret_key"),
        ("Declare every variable, Secret and account that the application needs, so that a check names what lacks.",),
    ),
    (
        ("oom_killed", "pod_cpu_overload"),
        ("Measure a week of use and set requests and limits from it; alert when use comes near the limit.",),
    ),
    (
        ("liveness_", "readiness_"),
        ("Let the probe name the container's port by its name, and ask the same path as the release's own health check.",),
    ),
    (
        ("mysql_", "postgresql_", "redis_", "mongodb_", "db_", "database_"),
        ("Bind database addresses and credentials instead of typing them, and pool connections below the server's limit.",),
    ),
    (
        ("pending_migrations", "migration_"),
        ("Run migrations as a step of the release, and split those that break the running code in two releases.",),
    ),
    (("deployment_zero_replicas",), ("Alert on a workload that is scaled to nothing while a Service leads to it.", BY_HAND)),
    (("kubelet_", "containerd_", "kube_"), ("Alert on the node's own services, and rehearse the loss of a node.",)),
    (("celery_", "beat_", "wsgi_"), ("Alert on the age of the oldest task and on the workers' heartbeat.",)),
)
_NONE = "Decide it in the review: for this kind of fault Timonel has no advice."


def advice(fault: str, *, deployed: bool = False) -> tuple[str, ...]:
    """Sentences; `deployed`: the usual suspect was a deployment."""
    found = tuple(text for starts, texts in _ADVICE if fault.startswith(starts) for text in texts)
    late = ("Ask why no check before the rollout saw it, and add the one that would have: a test, a policy, a longer canary.",)
    return (*(late if deployed else ()), *found) or (_NONE,)
