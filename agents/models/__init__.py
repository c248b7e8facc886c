"""The records of those who act: runs and their story, specialists, models and what was asked of them.

Imports `workloads.models` and `controlplane.core`. Who writes each is said in its docstring.
"""

from agents.models.budgets import ModelBudget
from agents.models.calls import ModelCall
from agents.models.endpoints import ModelEndpoint
from agents.models.inquiries import Inquiry
from agents.models.profiles import AgentProfile
from agents.models.proposals import Proposal
from agents.models.readings import Reading
from agents.models.runs import Run, RunEvent, Step

__all__ = [
    "AgentProfile",
    "Inquiry",
    "ModelBudget",
    "ModelCall",
    "ModelEndpoint",
    "Proposal",
    "Reading",
    "Run",
    "RunEvent",
    "Step",
]
