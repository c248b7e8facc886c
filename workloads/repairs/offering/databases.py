"""Offers for databases: more connections, where a ConfigMap says how many there may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.view.cluster import View
from workloads.repairs.offering import finding
from workloads.repairs.offering.variables import mark, readers
from workloads.repairs.values import Ref, Repair
from workloads.unchecked import labels, rows, word

_CONNECTIONS = re.compile(r"(?m)^[ \t]*(?:max_connections|maxclients)[ \t]*[= ][ \t]*(\d{1,5})[ \t]*$")
MOST = 1000  # more connections than that are no cure: clients hold on to them


def more_connections(view: View, hypothesis: Hypothesis) -> Iterator[Repair]:
    """Twice the connections, in the text that the server reads when it starts."""
    found = finding.lasting(view, hypothesis)
    names = [word(volume, "configMap", "name") for volume in rows(found.spec, "volumes")] if found else []
    for name in filter(None, names):
        for key, text in labels(view.named("ConfigMap", hypothesis.namespace, name), "data").items():
            lines = list(_CONNECTIONS.finditer(text))
            if len(lines) != 1 or not 0 < 2 * int(lines[0][1]) <= MOST:
                continue
            was, number = lines[0][0].strip(), lines[0][1]
            to = was.removesuffix(number) + str(2 * int(number))
            parameters = {"key": key, "was": was, "to": to, "readers": readers(view, name, hypothesis.namespace), "at": mark(view)}
            summary = f"Set {to} in ConfigMap {name} (it is {number}), and restart who reads it"
            ref = Ref("ConfigMap", name, hypothesis.namespace)
            yield Repair("patch_configuration", ref, parameters, summary, hypothesis.fault, hypothesis.object)
