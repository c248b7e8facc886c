"""DNS: a client cannot resolve names that exist. Rests on dnsPolicy and dnsConfig (core/v1) and on resolvers' texts."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.diagnosis.answers import Hypothesis
from workloads.diagnosis.rules.databases import UNKNOWN_HOST
from workloads.diagnosis.rules.making import logged, seen, suppose
from workloads.diagnosis.view.cluster import View
from workloads.diagnosis.view.logs import Line
from workloads.diagnosis.view.workloads import Workload
from workloads.unchecked import rows, table, word, words


def resolution(view: View) -> Iterator[Hypothesis]:
    """A workload's own DNS configuration keeps it from resolving; when many cannot resolve, the cluster's DNS is down."""
    failing = [(each, line) for each in view.workloads if each.troubled and (line := _unresolved(view, each))]
    if len(failing) >= 3 and not any(_odd(view, each) for each, _ in failing):
        names = [each.app for each, _ in failing]
        yield suppose(
            "cluster_dns_unavailable",
            "namespace/kube-system",
            "kube-system",
            0.8,
            "Many workloads cannot resolve names.",
            [logged(line) for _, line in failing[:5]],
            explains=names,
        )
        return
    told = {each.name: line for each, line in failing}
    for workload in view.workloads:
        odd, line = _odd(view, workload), told.get(workload.name)
        if (odd and (line or workload.troubled)) or line:
            yield suppose(
                "service_dns_resolution_failure",
                workload.app,
                workload.namespace,
                0.94 if odd and line else 0.75 if odd else 0.66,
                f"{workload.name} cannot resolve the names of Services.",
                [*([seen(workload.path, odd)] if odd else []), *([logged(line)] if line else [])],
                explains=[workload.app],
            )


def _unresolved(view: View, workload: Workload) -> Line | None:
    """A line that misses the name of a Service that exists."""
    names = {service.name for service in view.services}
    for log in view.logs_of(workload):
        for line in log.matching(UNKNOWN_HOST, most=10):
            text = line.text.replace(".", " ").replace(":", " ").replace("'", " ").replace('"', " ")
            if names & set(text.split()) or "emporary failure in name resolution" in line.text:
                return line
    return None


def _odd(view: View, workload: Workload) -> str:
    """What in its DNS configuration leads away from the cluster's DNS."""
    policy, config = word(workload.spec, "dnsPolicy") or "ClusterFirst", table(workload.spec, "dnsConfig")
    servers = words(config, "nameservers")
    own = {
        word(each, "spec", "clusterIP") for each in view.kind("Service") if word(each, "metadata", "namespace") == "kube-system"
    } - {"", "None"}
    if policy == "None" and servers and not own & set(servers):
        return f"dnsPolicy None with nameservers {', '.join(servers)}"
    if policy == "Default" and any(each.client is workload for each in view.references):
        return "dnsPolicy Default: the node's resolver knows no Services"
    options = {word(each, "name"): word(each, "value") for each in rows(config, "options")}
    if servers and policy != "None":
        return f"dnsConfig adds nameservers {', '.join(servers)}"
    if options.get("ndots") == "0":
        return "dnsConfig sets ndots to 0"
    return ""


RULES = (resolution,)
