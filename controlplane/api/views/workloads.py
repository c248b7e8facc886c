"""What stands on a cluster for an environment."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, operation
from controlplane.api.pictures import PictureSerializer
from controlplane.core.errors import NotFound, OutsideError
from workloads import pictures, queries
from workloads.models import Environment, Target
from workloads.pictures import Seen


class Workloads(Endpoint):
    """Routes, services, workloads and pods of one environment."""

    @operation("Show what stands on the cluster", PictureSerializer, errors=(404, 502))
    def get(self, request: Request, number: int) -> Response:
        """From the cluster within two seconds, or as it was seen last; 502 where it was never seen."""
        environment = queries.environments_for(self.actor).filter(pk=number).first()
        if environment is None:
            raise NotFound(f"There is no environment {number}, or you may not see it.")
        target = pictures.target_of(environment)
        seen = pictures.look(environment, target)
        if seen.picture is None:
            raise OutsideError(seen.trouble, cure=seen.cure)
        return Response(PictureSerializer(_told(environment, target, seen)).data)


def _told(environment: Environment, target: Target, seen: Seen) -> dict[str, Any]:
    picture = seen.picture
    assert picture is not None
    return {
        "environment": environment.pk,
        "cluster": target.cluster.name,
        "namespace": target.namespace,
        "fresh": seen.fresh,
        "seen_at": seen.at,
        "trouble": seen.trouble,
        "measured": picture.measured,
        "unseen": picture.unseen,
        "traffic": picture.shares,
        "routes": picture.routes,
        "services": picture.services,
        "workloads": picture.workloads,
        "other_pods": picture.loose,
        "warnings": picture.warnings,
    }
