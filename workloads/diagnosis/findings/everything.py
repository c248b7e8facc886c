"""x"""

from workloads.diagnosis.view.cluster import View
from workloads.evidence import Fact


def findings(view: View) -> list[Fact]:
    return []
