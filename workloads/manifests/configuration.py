"""Variables: a ConfigMap and a Secret whose names change with their content, so that pods and their configuration move together."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from workloads.manifests import marks, names
from workloads.manifests.profile import Profile

Json = dict[str, Any]
PLAIN = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, slots=True)
class Names:
    """What pods refer to; empty where there is none."""

    config: str
    secret: str
    account: str

    def sources(self) -> list[Json]:
        """Where a container's variables come from."""
        config = [{"configMapRef": {"name": self.config}}] if self.config else []
        return config + ([{"secretRef": {"name": self.secret}}] if self.secret else [])

    def variables(self, profile: Profile) -> list[Json]:
        """Variables that other people's Secrets hold."""
        return [
            {"name": one.variable, "valueFrom": {"secretKeyRef": {"name": one.secret, "key": one.key}}}
            for one in sorted(profile.references, key=lambda one: one.variable)
        ]


def given(profile: Profile) -> Names:
    """The names of what this profile's pods refer to."""
    config = names.joined(marks.prefix(profile), "config", names.digest(values(profile)))
    return Names(config, _secret_name(profile), account_name(profile))


def values(profile: Profile) -> dict[str, str]:
    """The plain variables, with what every process of Python in a container should be told."""
    return dict(sorted({**PLAIN, "PORT": str(profile.options.port), **profile.values}.items()))


def account_name(profile: Profile) -> str:
    """The service account's name."""
    return profile.options.account.name or marks.prefix(profile)


def objects(profile: Profile) -> list[Json]:
    """ConfigMap, and Secret or ExternalSecret. Both are immutable: another content is another object."""
    found = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": marks.metadata(profile, given(profile).config),
            "immutable": True,
            "data": values(profile),
        }
    ]
    kind = profile.options.secrets.kind
    if kind == "made" and profile.secrets:
        found.append(_secret(profile))
    if kind == "external" and profile.secrets:
        found.append(_external(profile))
    return found


def _secret_name(profile: Profile) -> str:
    chosen, prefix = profile.options.secrets, marks.prefix(profile)
    if chosen.kind == "existing":
        return chosen.name
    if not profile.secrets:
        return ""
    if chosen.kind == "external":
        return names.joined(
            prefix, "secrets", names.digest([chosen.store_kind, chosen.store, chosen.path, sorted(profile.secrets)])
        )
    return names.joined(prefix, "secrets", names.digest(dict(profile.secrets), profile.salt))


def _secret(profile: Profile) -> Json:
    data = {name: base64.b64encode(value.encode()).decode() for name, value in sorted(profile.secrets.items())}
    metadata = marks.metadata(profile, _secret_name(profile))
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "immutable": True, "data": data}


def _external(profile: Profile) -> Json:
    chosen, name = profile.options.secrets, _secret_name(profile)
    told = marks.metadata(profile, name)
    spec = {
        "refreshInterval": chosen.refresh,
        "secretStoreRef": {"kind": chosen.store_kind, "name": chosen.store},
        "target": {"name": name, "creationPolicy": "Owner", "template": {"metadata": {"labels": told["labels"]}}},
        "data": [
            {"secretKey": variable, "remoteRef": {"key": chosen.path, "property": variable}} for variable in sorted(profile.secrets)
        ],
    }
    return {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": told, "spec": spec}
