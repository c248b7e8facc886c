"""Models: every call of one, and the budgets, for administrators of everything."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from agents import budgets
from agents.models import ModelBudget, ModelCall
from controlplane.api.door import Endpoint, listed, operation, page_of
from controlplane.api.filters import ModelCallsQuery, PageQuery
from controlplane.api.told import ModelBudgetSerializer, ModelCallSerializer
from controlplane.core.permissions import EVERYWHERE, Verb
from controlplane.core.rights import demand

FILTERS = {"status": "status", "purpose": "purpose", "specialist": "specialist", "run": "run_id", "endpoint": "endpoint_name"}


class ModelCalls(Endpoint):
    """What was asked of models."""

    @operation("List calls of models", page_of(ModelCallSerializer), errors=(403,), query=ModelCallsQuery)
    def get(self, request: Request) -> Response:
        """Newest first; with tokens, cost and the tools each called."""
        demand(self.actor, Verb.ADMINISTER, [EVERYWHERE], "the models")
        return listed(self, ModelCall.objects.all(), ModelCallSerializer, FILTERS)


class ModelBudgets(Endpoint):
    """What models may use."""

    @operation("List budgets of models", page_of(ModelBudgetSerializer), errors=(403,), query=PageQuery)
    def get(self, request: Request) -> Response:
        """Each with what is spent of it in its present period: the sum of the recorded calls."""
        demand(self.actor, Verb.ADMINISTER, [EVERYWHERE], "the models")
        return listed(self, budgets.with_spent(ModelBudget.objects.select_related("application")), ModelBudgetSerializer, {})
