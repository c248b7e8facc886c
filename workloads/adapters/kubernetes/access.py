"""How a cluster is reached: stored credentials made into a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import ApiClient

from controlplane.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Access:
    """A kubeconfig as text, and which of its contexts; never shown."""

    kubeconfig: str = field(repr=False)
    context: str = ""


def connect(access: Access) -> ApiClient:
    """A connection with these credentials; nothing is asked yet. Raises Invalid for a kubeconfig that cannot be read."""
    try:
        document: Any = yaml.safe_load(access.kubeconfig)
        made: ApiClient = config.new_client_from_config_dict(document, access.context or None, False)  # type: ignore[no-untyped-call]
        return made
    except (config.ConfigException, yaml.YAMLError, TypeError, AttributeError) as error:
        raise Invalid("The kubeconfig cannot be read.", cure="Give the output of `kubectl config view --raw --flatten`.") from error
