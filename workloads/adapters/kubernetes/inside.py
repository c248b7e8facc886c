"""The cluster Timonel itself runs in: the service account that Kubernetes gives to its pod."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from controlplane.core.errors import Invalid
from workloads.adapters.kubernetes.access import Connection

FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CURE = "Run Timonel in a pod with a service account (automountServiceAccountToken), or connect with a kubeconfig."


@dataclass(frozen=True, slots=True)
class InCluster:
    """The service account of our own pod; its token is read again for each request, since Kubernetes renews it."""

    folder: Path = FOLDER

    def connection(self) -> Connection:
        """From the files and variables of the pod. Raises Invalid outside of one."""
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        try:
            authority = (self.folder / "ca.crt").read_text()
        except OSError as error:
            raise Invalid("Timonel does not run in a cluster: there is no service account here.", cure=CURE) from error
        if not host:
            raise Invalid("Timonel does not run in a cluster: KUBERNETES_SERVICE_HOST is not set.", cure=CURE)
        server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        return Connection(server, token=self._token, authority=authority)

    def _token(self, _refused: bool) -> str:
        try:
            return (self.folder / "token").read_text().strip()
        except OSError as error:
            raise Invalid("The token of the service account cannot be read.", cure=CURE) from error
