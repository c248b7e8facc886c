"""The audit, for whoever may see everything."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import AuditQuery
from controlplane.api.serializers import AuditEntrySerializer
from controlplane.core.models import AuditEntry
from controlplane.core.permissions import EVERYWHERE, Verb
from controlplane.core.rights import demand

FILTERS = {
    "actor": "actor_label",
    "action": "action",
    "target_type": "target_type",
    "target_id": "target_id",
    "after": "number__gt",
}


class Audit(Endpoint):
    """Who did what, when."""

    @operation("List the audit", page_of(AuditEntrySerializer), errors=(403,), query=AuditQuery)
    def get(self, request: Request) -> Response:
        """Newest first; each entry with its hash and that of the entry before."""
        demand(self.actor, Verb.VIEW, [EVERYWHERE], "the audit of everything")
        return listed(self, AuditEntry.objects.all(), AuditEntrySerializer, FILTERS)
