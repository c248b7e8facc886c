"""The values of a chart: with them, its templates give what would be applied."""

from __future__ import annotations

from typing import Any

from workloads.manifests import commands, marks, names, pods, routes, text
from workloads.manifests.choices import Choice, choices
from workloads.manifests.options import Autoscale
from workloads.manifests.profile import Profile
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]
TOLD = {
    "image": "By digest, so that what was tested is what runs.",
    "config": "Variables of every process. What is secret belongs into a Secret.",
    "existingSecret": "A Secret with one key a variable, made by your own means; not looked at where `secrets` are given.",
    "secrets": "Or the values themselves, from a file that is never committed: helm upgrade --values secrets.yaml",
    "processes": "Each process is a Deployment. Where it is scaled automatically, `replicas` is not looked at.",
    "hosts": "The names people ask for.",
    "networkPolicy": "Deny everything but what the application needs.",
    "monitoring": "ServiceMonitor and PrometheusRule, for the Prometheus Operator.",
    "migration": "A Job before each install and upgrade.",
}


def values(profile: Profile, rendered: Rendered) -> Json:
    """Every value with what the profile has for it."""
    options = profile.options
    repository, _, digest = profile.image.partition("@")
    config: Json = next((item["data"] for item in rendered.foundation if item["kind"] == "ConfigMap"), {})
    pulled = [{"name": name} for name in options.pull_secrets]
    return {
        "image": {"repository": repository, "digest": digest, "pullPolicy": "IfNotPresent", "pullSecrets": pulled},
        "config": dict(config),
        "existingSecret": existing_secret(profile, rendered),
        "secrets": {},
        "processes": {choice.process.name: _process(profile, choice) for choice in choices(profile)},
        "serviceAccount": {"annotations": dict(options.account.annotations)},
        "service": {"type": options.service.type, "port": routes.PORT},
        "hosts": list(options.hosts),
        "ingress": _ingress(profile),
        "gateway": _gateway(profile),
        "networkPolicy": {"enabled": options.network.enabled},
        "podDisruptionBudget": {"enabled": True},
        "monitoring": _monitoring(profile),
        "migration": {"enabled": rendered.migration is not None, "activeDeadlineSeconds": options.migration_seconds},
        "nodeSelector": dict(options.scheduling.node_selector),
        "tolerations": [dict(one) for one in options.scheduling.tolerations],
    }


def written(found: Json) -> str:
    """The values as a file that says what they are for."""
    parts = []
    for name, content in found.items():
        told = f"# {TOLD[name]}\n" if name in TOLD else ""
        parts.append(told + text.document({name: content}))
    return "\n".join(parts)


def existing_secret(profile: Profile, rendered: Rendered) -> str:
    """The Secret that is there already; with values of our own, one by a plain name that a person makes."""
    made = profile.options.secrets.kind == "made" and rendered.secret
    return names.joined(marks.prefix(profile), "secrets") if made else rendered.secret


def kind_of_route(profile: Profile) -> str:
    """Which route the profile has: "ingress", "gateway" or "none"."""
    return profile.options.route.kind or ("ingress" if profile.options.hosts else "none")


def _process(profile: Profile, choice: Choice) -> Json:
    scale = choice.autoscale or Autoscale(min=choice.replicas, max=max(choice.replicas, 10))
    found: Json = {} if choice.alone else {"replicas": choice.replicas}
    found |= {
        "command": commands.adapted(choice.process, port=profile.options.port, grace=choice.grace),
        "resources": pods.resources(choice.cpu, choice.memory, choice.cpu_limit),
        "terminationGracePeriodSeconds": choice.termination,
    }
    if scales(choice):
        found["autoscaling"] = {
            "enabled": choice.autoscale is not None,
            "min": max(scale.min, 0 if by_queue(choice) else 1),
            "max": scale.max,
        }
        found["autoscaling"] |= {"queueLength": scale.length} if by_queue(choice) else {"cpu": scale.cpu}
    return found


def scales(choice: Choice) -> bool:
    """Whether the chart can scale it: web always, another where the profile says by what."""
    return not choice.alone and (choice.web or choice.autoscale is not None)


def by_queue(choice: Choice) -> bool:
    """Whether its queue scales it, and not its CPU."""
    return bool(choice.autoscale and (commands.celery_worker(choice.process) or choice.autoscale.queue))


def _ingress(profile: Profile) -> Json:
    route = profile.options.route
    return {
        "enabled": kind_of_route(profile) == "ingress",
        "className": route.class_name,
        "tlsSecret": route.tls_secret or (f"{marks.prefix(profile)}-tls" if route.issuer else ""),
        "annotations": {**route.annotations, **({"cert-manager.io/cluster-issuer": route.issuer} if route.issuer else {})},
    }


def _gateway(profile: Profile) -> Json:
    route = profile.options.route
    return {
        "enabled": kind_of_route(profile) == "gateway",
        "name": route.gateway,
        "namespace": route.gateway_namespace,
        "listener": route.listener,
    }


def _monitoring(profile: Profile) -> Json:
    chosen = profile.options.monitoring
    return {"enabled": chosen.enabled, "path": chosen.path, "interval": chosen.interval, "labels": dict(chosen.labels)}
