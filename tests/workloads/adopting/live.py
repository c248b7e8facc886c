"""An application as somebody else runs it: Deployments, Service, Ingress, ConfigMap, made with kubectl or Helm."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DIGEST = "sha256:" + "ab" * 32
IMAGE = f"registry.example/team/shop@{DIGEST}"


def web(name: str = "web", *, labels: Json | None = None, container: Json | None = None, **spec: Any) -> Json:
    """A Deployment of three gunicorns on KWOK's nodes."""
    labels = labels or {"app": "shop", "role": name}
    main = {
        "name": name,
        "image": IMAGE,
        "command": ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8080"],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "GREETING", "value": "hello"}],
        "envFrom": [{"configMapRef": {"name": "shop-env"}}],
        "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
        **(container or {}),
    }
    template = {"metadata": {"labels": {**labels, "lab/outcome": "ready"}}, "spec": {"containers": [main], **spec}}
    body = {"replicas": 3, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": body}


def service(name: str = "shop", selector: Json | None = None, **spec: Any) -> Json:
    """A Service before the web Deployment."""
    chosen = {"app": "shop", "role": "web"} if selector is None else selector
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": chosen, "ports": ports, **spec}}


def ingress(name: str = "public", to: str = "shop", **spec: Any) -> Json:
    """An Ingress that leads everything of a host to it."""
    backend = {"service": {"name": to, "port": {"number": 80}}}
    rule = {"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    body = {"rules": [rule], **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": body}


def config(**data: str) -> Json:
    """The ConfigMap its pods read whole."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-env"}, "data": {"COLOUR": "blue", **data}}


def pod(name: str, labels: Json, digest: str = DIGEST, image: str = "registry.example/team/shop:1") -> Json:
    """A pod that runs that image."""
    status = {"containerStatuses": [{"name": "web", "imageID": f"registry.example/team/shop@{digest}" if digest else ""}]}
    spec = {"containers": [{"name": "web", "image": image}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec, "status": status}
