"""Short schemas for the custom kinds that are rendered, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from workloads.manifests.validation.problems import wrong

Json = dict[str, Any]
TEXT: Json = {"type": "string", "minLength": 1}
NUMBER: Json = {"type": "integer", "minimum": 0}
PORT: Json = {"type": "integer", "minimum": 1, "maximum": 65_535}
DURATION: Json = {"type": "string", "pattern": r"^(([0-9]+)(ms|s|m|h|d|w|y))+$"}
MAP: Json = {"type": "object", "additionalProperties": {"type": "string"}}


def _map(required: str, **properties: Json) -> Json:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(items: Json, least: int = 0) -> Json:
    return {"type": "array", "items": items, "minItems": least}


SELECTOR = _map("", matchLabels=MAP, matchExpressions=_list({"type": "object"}))
# https://github.com/prometheus-operator/prometheus-operator/blob/main/Documentation/api-reference/api.md
ENDPOINT = _map("", port=TEXT, path=TEXT, interval=DURATION, scheme={"enum": ["http", "https", "HTTP", "HTTPS"]})
SERVICE_MONITOR = _map(
    "selector endpoints", selector=SELECTOR, endpoints=_list(ENDPOINT, 1), jobLabel=TEXT,
    namespaceSelector=_map("", matchNames=_list(TEXT), any={"type": "boolean"}),
)  # fmt: skip
ONE_RULE: Json = {
    **_map("expr", expr={"type": ["string", "integer"]}, alert=TEXT, record=TEXT, labels=MAP, annotations=MAP, **{"for": DURATION}),
    "oneOf": [{"required": ["alert"]}, {"required": ["record"]}],
}
PROMETHEUS_RULE = _map("groups", groups=_list(_map("name", name=TEXT, rules=_list(ONE_RULE))))
# https://gateway-api.sigs.k8s.io/reference/spec/
REFERENCE = _map("name", name=TEXT, namespace=TEXT, kind=TEXT, group={"type": "string"}, sectionName=TEXT)
BACKEND = _map("name", name=TEXT, port=PORT, weight={"type": "integer", "minimum": 0, "maximum": 1_000_000})
MATCH = _map(
    "", path=_map("", type={"enum": ["Exact", "PathPrefix", "RegularExpression"]}, value={"type": "string", "pattern": "^/"})
)
HTTP_ROUTE = _map(
    "", parentRefs=_list(REFERENCE), hostnames=_list(TEXT),
    rules=_list(_map("", matches=_list(MATCH), backendRefs=_list(BACKEND)), 1),
)  # fmt: skip
# https://external-secrets.io/latest/api/externalsecret/
STORE = _map("name", name=TEXT, kind={"enum": ["SecretStore", "ClusterSecretStore"]})
EXTERNAL_SECRET = _map(
    "", secretStoreRef=STORE, refreshInterval=TEXT,
    target=_map("", name=TEXT, creationPolicy={"enum": ["Owner", "Orphan", "Merge", "None"]}),
    data=_list(_map("secretKey remoteRef", secretKey=TEXT, remoteRef=_map("key", key=TEXT, property=TEXT))),
)  # fmt: skip
# https://keda.sh/docs/latest/reference/scaledobject-spec/
SCALED_OBJECT = _map(
    "scaleTargetRef triggers", scaleTargetRef=_map("name", name=TEXT, kind=TEXT, apiVersion=TEXT),
    minReplicaCount=NUMBER, maxReplicaCount=NUMBER, pollingInterval=NUMBER, cooldownPeriod=NUMBER,
    triggers=_list(_map("type metadata", type=TEXT, metadata=MAP), 1),
)  # fmt: skip
# https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
APPLICATION = _map(
    "project destination", project=TEXT,
    source=_map("repoURL", repoURL=TEXT, path={"type": "string"}, targetRevision={"type": "string"}, chart=TEXT),
    destination=_map("", server=TEXT, name=TEXT, namespace=TEXT),
    syncPolicy=_map(
        "", automated=_map("", prune={"type": "boolean"}, selfHeal={"type": "boolean"}), syncOptions=_list(TEXT),
    ),
    revisionHistoryLimit=NUMBER,
)  # fmt: skip
SPECS: dict[tuple[str, str], Json] = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): SERVICE_MONITOR,
    ("monitoring.coreos.com/v1", "PrometheusRule"): PROMETHEUS_RULE,
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): HTTP_ROUTE,
    ("external-secrets.io/v1", "ExternalSecret"): EXTERNAL_SECRET,
    ("keda.sh/v1alpha1", "ScaledObject"): SCALED_OBJECT,
    ("argoproj.io/v1alpha1", "Application"): APPLICATION,
}


def problems(item: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What this object's project would not understand; None for a kind we know no schema of."""
    validator = _validator(str(item.get("apiVersion", "")), str(item.get("kind", "")))
    return None if validator is None else wrong(validator, item)


@lru_cache(maxsize=64)
def _validator(api: str, kind: str) -> Draft202012Validator | None:
    spec = SPECS.get((api, kind))
    if spec is None:
        return None
    metadata = _map("name", name={"type": "string", "pattern": r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", "maxLength": 253}, labels=MAP)
    return Draft202012Validator(_map("apiVersion kind metadata spec", metadata=metadata, spec=spec))
