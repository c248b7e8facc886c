"""The templates of a chart: the rendered objects, with a token wherever a value decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from workloads.manifests import configuration, marks, monitoring, names, network, scaling, services
from workloads.manifests.choices import Choice, choices
from workloads.manifests.formats.helm_values import by_queue, scales
from workloads.manifests.formats.templating import Tokens, value, when
from workloads.manifests.options import Autoscale, Monitoring
from workloads.manifests.profile import Profile
from workloads.manifests.rendered import Rendered

Json = dict[str, Any]
HOOK, HOOK_DELETE, HOOK_WEIGHT = "helm.sh/hook", "helm.sh/hook-delete-policy", "helm.sh/hook-weight"
SPACE = "{{ .Release.Namespace }}"
NAMESPACE = ".Release.Namespace"
DATA = """data:
{{- range $name, $value := .Values.config }}
  {{ $name }}: {{ $value | quote }}
{{- end }}
"""
SECRET_DATA = """type: Opaque
stringData:
{{- range $name, $value := .Values.secrets }}
  {{ $name }}: {{ $value | quote }}
{{- end }}
"""
RULES = """  {{- if .Values.ingress.tlsSecret }}
  tls:
    - hosts: {{- toYaml .Values.hosts | nindent 8 }}
      secretName: {{ .Values.ingress.tlsSecret }}
  {{- end }}
  rules:
  {{- range .Values.hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: NAME
                port:
                  name: http
  {{- end }}
"""


def templates(profile: Profile, rendered: Rendered) -> Iterator[tuple[str, str]]:
    """File names and their contents."""
    found = choices(profile)
    yield "serviceaccount.yaml", "---\n".join(_accounts(rendered))
    yield "configuration.yaml", _configuration(profile, rendered)
    yield from _processes(profile, rendered, found)
    if rendered.service:
        yield "service.yaml", _service(rendered.service)
        yield "ingress.yaml", _ingress(profile, rendered.service)
        yield "httproute.yaml", _http_route(profile, rendered.service)
    yield "networkpolicy.yaml", _all(".Values.networkPolicy.enabled", network.policies(_networked(profile), found))
    budgets = [item for choice in found for item in scaling.budgets(profile, choice)]
    yield "poddisruptionbudget.yaml", _all(".Values.podDisruptionBudget.enabled", budgets)
    yield "monitoring.yaml", _all(".Values.monitoring.enabled", monitoring.monitors(_monitored(profile), found))
    if rendered.migration:
        yield "migration.yaml", _migration(profile, rendered.migration)
    for item in rendered.foundation:
        if item["kind"] == "PersistentVolumeClaim":
            yield "persistentvolumeclaim.yaml", _claim(item)
        if item["kind"] == "ExternalSecret":
            yield "externalsecret.yaml", _plain(item)


def _claim(item: Json) -> str:
    """Made before the migration, which needs it, where it is not there yet; never deleted, since data is in it."""
    told = {HOOK: "pre-install,pre-upgrade", HOOK_DELETE: "hook-failed", HOOK_WEIGHT: "-10"}
    there = f'lookup "v1" "PersistentVolumeClaim" .Release.Namespace "{item["metadata"]["name"]}"'
    return when(f"not ({there})", _plain({**item, "metadata": {**item["metadata"], "annotations": told}}))


def _placed(item: Json, tokens: Tokens) -> Json:
    """The object in the release's namespace, managed by whoever releases it."""
    metadata = {**item["metadata"], "namespace": tokens.scalar(NAMESPACE)}
    labels = dict(metadata.get("labels", {}))
    if "app.kubernetes.io/managed-by" in labels:
        labels["app.kubernetes.io/managed-by"] = tokens.scalar(".Release.Service")
    return {**item, "metadata": {**metadata, "labels": labels}}


def _plain(item: Json) -> str:
    tokens = Tokens()
    return tokens.write(_placed(item, tokens))


def _all(condition: str, items: list[Json]) -> str:
    return when(condition, "---\n".join(_special(item) for item in items))


def _special(item: Json) -> str:
    tokens, kind = Tokens(), item["kind"]
    placed, old = _placed(item, tokens), item["metadata"]["namespace"]
    if kind == "ServiceMonitor":
        endpoint = {
            **placed["spec"]["endpoints"][0],
            "path": tokens.scalar(value("monitoring", "path")),
            "interval": tokens.scalar(value("monitoring", "interval")),
        }
        spaces = {"matchNames": [tokens.scalar(NAMESPACE)]}
        placed["spec"] = {**placed["spec"], "namespaceSelector": spaces, "endpoints": [endpoint]}
    if kind in {"ServiceMonitor", "PrometheusRule"}:
        placed["metadata"]["annotations"] = placed["metadata"].get("annotations", {})
        body = tokens.write({**placed, "metadata": {k: v for k, v in placed["metadata"].items() if v != {}}})
        extra = "    {{- with .Values.monitoring.labels }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\n"
        body = body.replace("  labels:\n", f"  labels:\n{extra}", 1)
        return body.replace(f'namespace="{old}"', f'namespace="{SPACE}"')
    return tokens.write(placed)


def _accounts(rendered: Rendered) -> Iterator[str]:
    for item in rendered.foundation:
        if item["kind"] in {"ServiceAccount", "Role", "RoleBinding"}:
            tokens = Tokens()
            placed = _placed(item, tokens)
            if item["kind"] == "ServiceAccount":
                placed["metadata"]["annotations"] = tokens.block(value("serviceAccount", "annotations"))
            if item["kind"] == "RoleBinding":
                placed["subjects"] = [{**placed["subjects"][0], "namespace": tokens.scalar(NAMESPACE)}]
            yield tokens.write(placed)


def _configuration(profile: Profile, rendered: Rendered) -> str:
    config = next(item for item in rendered.foundation if item["kind"] == "ConfigMap")
    told = {name: content for name, content in config.items() if name not in {"data", "immutable"}}
    return _variables(profile, told, "", {})


def _variables(profile: Profile, config: Json, part: str, annotations: dict[str, str]) -> str:
    """A ConfigMap and, where the chart is given secrets, a Secret: of the release, or of the hook before it."""
    found = []
    for kind, name, body in (("ConfigMap", "config", DATA), ("Secret", "secrets", SECRET_DATA)):
        tokens = Tokens()
        metadata = {**config["metadata"], "name": names.joined(marks.prefix(profile), part, name, limit=names.LABEL)}
        if annotations:
            metadata["annotations"] = annotations
        head = tokens.write(_placed({"apiVersion": "v1", "kind": kind, "metadata": metadata}, tokens))
        found.append(head + body if kind == "ConfigMap" else when(".Values.secrets", head + body))
    return "---\n".join(found)


def _processes(profile: Profile, rendered: Rendered, found: tuple[Choice, ...]) -> Iterator[tuple[str, str]]:
    for choice in found:
        component = marks.component(choice.process.name)
        item = next(one for one in rendered.workloads if one["kind"] == "Deployment" and _component(one) == component)
        yield f"{component}-deployment.yaml", _deployment(profile, item, choice)
        if scales(choice):
            scaler = scaling.scalers(profile, replace(choice, autoscale=choice.autoscale or Autoscale()))[0]
            yield (
                f"{component}-scaler.yaml",
                when(value("processes", choice.process.name, "autoscaling", "enabled"), _scaler(scaler, choice)),
            )


def _deployment(profile: Profile, item: Json, choice: Choice) -> str:
    tokens = Tokens()
    placed, process = _placed(item, tokens), ("processes", choice.process.name)
    spec = {name: content for name, content in placed["spec"].items() if name != "replicas"}
    replicas: Any = 1
    if not choice.alone:
        when_fixed = f"not {value(*process, 'autoscaling', 'enabled')}" if scales(choice) else ""
        replicas = tokens.scalar(value(*process, "replicas"), when=when_fixed)
    template = _template(profile, spec["template"], tokens)
    template["spec"]["terminationGracePeriodSeconds"] = tokens.scalar(value(*process, "terminationGracePeriodSeconds"))
    container = template["spec"]["containers"][0]
    container["command" if "command" in container else "args"] = tokens.block(value(*process, "command"))
    container["resources"] = tokens.block(value(*process, "resources"))
    return tokens.write({**placed, "spec": {"replicas": replicas, **spec, "template": template}})


def _template(profile: Profile, template: Json, tokens: Tokens) -> Json:
    """A pod template by the chart's values; a change of its variables changes it."""
    found: Json = json.loads(json.dumps(template))
    labels = found["metadata"]["labels"]
    labels["app.kubernetes.io/managed-by"] = tokens.scalar(".Release.Service")
    found["metadata"]["annotations"] = {
        "checksum/config": tokens.scalar("toJson .Values.config | sha256sum"),
        "checksum/secrets": tokens.scalar("toJson .Values.secrets | sha256sum"),
    }
    spec = found["spec"]
    spec["imagePullSecrets"] = tokens.block(value("image", "pullSecrets"))
    spec["nodeSelector"] = tokens.block(value("nodeSelector"))
    spec["tolerations"] = tokens.block(value("tolerations"))
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        if container["image"] == profile.image:
            container["image"] = tokens.scalar('include "image" .')
            container["imagePullPolicy"] = tokens.scalar(value("image", "pullPolicy"))
            container["envFrom"] = _sources(profile, tokens, "")
    return found


def _sources(profile: Profile, tokens: Tokens, part: str) -> list[Json]:
    config = names.joined(marks.prefix(profile), part, "config", limit=names.LABEL)
    secret = 'include "migration-secret" .' if part else 'include "secret" .'
    found: list[Json] = [{"configMapRef": {"name": config}}]
    if profile.secrets or profile.options.secrets.kind == "existing":
        found.append({"secretRef": {"name": tokens.scalar(secret)}})
    return found


def _scaler(item: Json, choice: Choice) -> str:
    tokens, process = Tokens(), ("processes", choice.process.name, "autoscaling")
    placed = _placed(item, tokens)
    spec = dict(placed["spec"])
    least, most = tokens.scalar(value(*process, "min")), tokens.scalar(value(*process, "max"))
    if by_queue(choice):
        spec |= {"minReplicaCount": least, "maxReplicaCount": most}
        length = tokens.scalar(f"{value(*process, 'queueLength')} | quote")
        spec["triggers"] = [{**one, "metadata": {**one["metadata"], "listLength": length}} for one in spec["triggers"]]
    else:
        target = {"type": "Utilization", "averageUtilization": tokens.scalar(value(*process, "cpu"))}
        spec |= {"minReplicas": least, "maxReplicas": most}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return tokens.write({**placed, "spec": spec})


def _service(item: Json) -> str:
    tokens = Tokens()
    placed = _placed(item, tokens)
    port = {**placed["spec"]["ports"][0], "port": tokens.scalar(value("service", "port"))}
    return tokens.write({**placed, "spec": {**placed["spec"], "type": tokens.scalar(value("service", "type")), "ports": [port]}})


def _ingress(profile: Profile, service: Json) -> str:
    tokens = Tokens()
    metadata = {
        **marks.metadata(profile, services.name(profile), services.WEB),
        "annotations": tokens.block(value("ingress", "annotations")),
    }
    head = tokens.write(_placed({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata}, tokens))
    named = "  {{- with .Values.ingress.className }}\n  ingressClassName: {{ . }}\n  {{- end }}\n"
    body = f"{head}spec:\n{named}{RULES.replace('NAME', str(service['metadata']['name']))}"
    return when("and .Values.ingress.enabled .Values.hosts", body)


def _http_route(profile: Profile, service: Json) -> str:
    tokens = Tokens()
    parent = {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": tokens.scalar(value("gateway", "name")),
        "namespace": tokens.scalar("default .Release.Namespace .Values.gateway.namespace"),
        "sectionName": tokens.scalar(value("gateway", "listener"), when=value("gateway", "listener")),
    }
    backend = {"group": "", "kind": "Service", "name": service["metadata"]["name"], "port": tokens.scalar(value("service", "port"))}
    spec = {
        "parentRefs": [parent],
        "hostnames": tokens.block(value("hosts")),
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [{**backend, "weight": 100}]}],
    }
    metadata = marks.metadata(profile, services.name(profile), services.WEB)
    item = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": spec}
    return when(".Values.gateway.enabled", tokens.write(_placed(item, tokens)))


def _migration(profile: Profile, job: Json) -> str:
    """The Job before everything else, with variables and an account of its own: those of the release are not there yet."""
    before = {HOOK: "pre-install,pre-upgrade", HOOK_DELETE: "before-hook-creation", HOOK_WEIGHT: "-5"}
    name = names.joined(marks.prefix(profile), "migrate")
    tokens = Tokens()
    placed = _placed({**job, "metadata": {**job["metadata"], "name": name, "annotations": {**before, HOOK_WEIGHT: "0"}}}, tokens)
    template = _template(profile, placed["spec"]["template"], tokens)
    template["spec"]["serviceAccountName"] = name
    for container in [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]:
        container["envFrom"] = _sources(profile, tokens, "migrate")
    spec = {**placed["spec"], "activeDeadlineSeconds": tokens.scalar(value("migration", "activeDeadlineSeconds"))}
    written = tokens.write({**placed, "spec": {**spec, "template": template}})
    metadata = {**marks.metadata(profile, name, "migrate"), "annotations": before}
    account = _plain({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False})
    variables = _variables(profile, {"metadata": marks.metadata(profile, name, "migrate")}, "migrate", before)
    external = [_external(profile, before)] if profile.options.secrets.kind == "external" else []
    return when(".Values.migration.enabled", "---\n".join([account, variables, *external, written]))


def _external(profile: Profile, annotations: dict[str, str]) -> str:
    """An ExternalSecret for the hook: that of the release is not there yet."""
    item = next(one for one in configuration.objects(profile) if one["kind"] == "ExternalSecret")
    name = names.joined(marks.prefix(profile), "migrate", "secrets", limit=names.LABEL)
    spec = {**item["spec"], "target": {**item["spec"]["target"], "name": name}}
    return _plain({**item, "metadata": {**item["metadata"], "name": name, "annotations": annotations}, "spec": spec})


def _component(item: Json) -> str:
    return str(item["metadata"]["labels"].get("app.kubernetes.io/component", ""))


def _networked(profile: Profile) -> Profile:
    chosen = profile.options.network
    return (
        replace(profile, options=replace(profile.options, network=replace(chosen, enabled=True))) if not chosen.enabled else profile
    )


def _monitored(profile: Profile) -> Profile:
    """With monitoring on: whether it is, the values say. Labels for the operator come from there too."""
    chosen: Monitoring = replace(profile.options.monitoring, enabled=True, labels={})
    return replace(profile, options=replace(profile.options, monitoring=chosen))
